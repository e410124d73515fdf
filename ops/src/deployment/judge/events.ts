import { merge } from "./observe.ts";
import type { Finding, JudgeState } from "./state.ts";
import type { Slot } from "./tick.ts";

/** An observation that is not a count. */
export type JudgeEvent =
  | { kind: "process_exit" | "connect_failure"; slot: Slot; detail: string }
  | { kind: "probe"; slot: Slot; ready: boolean }
  /** A check of a step that was applied for this release has failed. */
  | { kind: "step_check"; step: number; detail: string }
  /** `slots` are those whose instances raise the alert. */
  | { kind: "critical_alert"; type: string; slots: readonly Slot[] };

const probesToFail = 3;

/** Takes an event into account. Events of blue alone never revert: green is not their cause. */
export const observeEvent = (state: JudgeState, event: JudgeEvent): JudgeState => {
  const counted =
    event.kind === "probe" ? { ...state, failed_probes: countProbe(state.failed_probes, event) } : state;
  const harm = harmOf(counted, event);
  return harm ? { ...counted, found: merge(counted.found, [harm]) } : counted;
};

const countProbe = (
  failed: JudgeState["failed_probes"],
  { slot, ready }: { slot: Slot; ready: boolean },
): JudgeState["failed_probes"] => ({ ...failed, [slot]: ready ? 0 : failed[slot] + 1 });

/** Whether neither slot is ready: the database or the machine, not the release. */
export const neitherReady = ({ failed_probes: { blue, green } }: JudgeState): boolean =>
  blue > 0 && green > 0;

const harmOf = (state: JudgeState, event: JudgeEvent): Finding | null => {
  switch (event.kind) {
    case "process_exit":
      return event.slot === "green"
        ? { reason: "process_exit", text: `The process of green has ended: ${event.detail}.` }
        : null;
    case "connect_failure":
      return event.slot === "green"
        ? { reason: "connect_failure", text: `Green does not accept connections: ${event.detail}.` }
        : null;
    case "probe":
      return state.failed_probes.green >= probesToFail && state.failed_probes.blue === 0
        ? { reason: "not_ready", text: `Green was not ready ${state.failed_probes.green} times in a row.` }
        : null;
    case "step_check":
      return { reason: "step_check", text: `A check of step ${event.step} fails: ${event.detail}.` };
    case "critical_alert":
      return event.slots.includes("green") && !event.slots.includes("blue")
        ? { reason: "critical_alert", text: `Only green raises the critical alert ${event.type}.` }
        : null;
  }
};
