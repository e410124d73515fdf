import { observeTick, standardPhases, startJudge } from "../../ops/src/deployment/judge/index.ts";
import type { Baseline, SlotCounts } from "../../ops/src/deployment/traffic/index.ts";
import type { StandingClock } from "./clock.ts";

const tickMs = 5_000;
const none: SlotCounts = {
  requests: 0,
  clients: 0,
  failed_clients: 0,
  slow_clients: { p50: 0, p95: 0, p99: 0 },
};

/** Counts of one role: clients, those that failed, and those slower than each percentile. */
export const countsOf = (
  clients: number,
  [failed_clients, p50, p95, p99]: readonly [number, number, number, number],
): SlotCounts => ({ requests: clients, clients, failed_clients, slow_clients: { p50, p95, p99 } });

/** What `judge.json` holds after some minutes at 10 %, with all counts in the last tick. */
export const judgedAt10Percent = (
  clock: StandingClock,
  {
    minutes,
    baseline,
    blue,
    green,
  }: { minutes: number; baseline: Baseline; blue: SlotCounts; green: SlotCounts },
) => {
  const phase = standardPhases[1];
  if (!phase) throw new Error("the judge has no second phase");
  const endMs = clock.now().getTime();
  const ticks = (minutes * 60_000) / tickMs;
  let state = startJudge(baseline, phase, new Date(endMs - ticks * tickMs));
  for (let sequence = 0; sequence < ticks; sequence++) {
    const to = endMs - (ticks - 1 - sequence) * tickMs;
    const counts = sequence === ticks - 1 ? { blue, green } : { blue: none, green: none };
    state = observeTick(state, { sequence, from: to - tickMs, to, green_percent: 10, ...counts });
  }
  return { phase: "phase_10", slots: { blue: "blue", green: "green" }, state };
};
