import { merge } from "./observe.ts";
import type { Role } from "./release-tick.ts";
import { type Finding, type JudgeState, neitherReady } from "./state.ts";

/** An observation that is not a count. */
export type JudgeEvent =
  | { kind: "process_exit" | "connect_failure"; role: Role; detail: string }
  | { kind: "probe"; role: Role; ready: boolean }
  /** A check of a step that was applied for this release has failed. */
  | { kind: "step_check"; step: number; detail: string }
  /** `roles` are those whose instances raise the alert. */
  | { kind: "critical_alert"; type: string; roles: readonly Role[] };

const probesToFail = 3;

/** Takes an event into account. Events of blue alone never revert: green is not their cause. */
export const observeEvent = (state: JudgeState, event: JudgeEvent): JudgeState => {
  const isUsual = event.kind === "probe" && event.ready && state.failed_probes[event.role] === 0;
  if (isUsual) return state;
  const counted = event.kind === "probe" ? countProbe(state, event) : state;
  const harm = harmOf(counted, event);
  return harm ? { ...counted, found: merge(counted.found, [harm]) } : counted;
};

const countProbe = (state: JudgeState, { role, ready }: { role: Role; ready: boolean }): JudgeState => {
  const failed_probes = { ...state.failed_probes, [role]: ready ? 0 : state.failed_probes[role] + 1 };
  return { ...state, failed_probes, neither_ready: state.neither_ready || neitherReady({ failed_probes }) };
};

const harmOf = (state: JudgeState, event: JudgeEvent): Finding | null => {
  switch (event.kind) {
    case "process_exit":
      return event.role === "green"
        ? { reason: "process_exit", text: `The process of green has ended: ${event.detail}.` }
        : null;
    case "connect_failure":
      return event.role === "green"
        ? { reason: "connect_failure", text: `Green does not accept connections: ${event.detail}.` }
        : null;
    case "probe":
      return state.failed_probes.green >= probesToFail && state.failed_probes.blue === 0
        ? { reason: "not_ready", text: `Green was not ready ${state.failed_probes.green} times in a row.` }
        : null;
    case "step_check":
      return { reason: "step_check", text: `A check of step ${event.step} fails: ${event.detail}.` };
    case "critical_alert":
      return event.roles.includes("green") && !event.roles.includes("blue")
        ? { reason: "critical_alert", text: `Only green raises the critical alert ${event.type}.` }
        : null;
  }
};
