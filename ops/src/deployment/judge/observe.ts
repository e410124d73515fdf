import { type LatencyMetric, latencyMetrics } from "../traffic/counts.ts";
import { confidenceSequence } from "./confidence-sequence.ts";
import { addTick, type EProcess, logEvidence } from "./e-process.ts";
import type { ReleaseTick, Role } from "./release-tick.ts";
import {
  addTally,
  type Finding,
  type JudgeState,
  neitherReady,
  type RecentTick,
  type Tally,
} from "./state.ts";
import { percent } from "./words.ts";

/** Chance of a revert without a reason, for each metric and release. */
const alpha = 0.001;
/** Evidence that reverts. */
export const evidenceLimit = 1 / alpha;
const toleratedRatio = { failures: 1, slowness: 1.25 };
/** A process that has just started is slower than later, and so is one that has just got many more clients. */
const untimed = { requests: 200, afterGrowthMs: 30_000 };
const recentMs = 60_000;
const longestTickMs = 10_000;
const catastrophe = { share: 0.05, clients: 20 };

/** Takes a tick into account. A tick that is not newer than the last one changes nothing but a counter. */
export const observeTick = (state: JudgeState, tick: ReleaseTick): JudgeState => {
  if (tick.sequence <= state.sequence) return { ...state, ignored_ticks: state.ignored_ticks + 1 };
  // The clock may jump, so a tick has the duration that a tick can have.
  const duration_ms = Math.min(Math.max(tick.to - tick.from, 0), longestTickMs);
  const share = shareAfter(state.share, tick, duration_ms);
  const isWarm = state.green_requests >= untimed.requests && share.settled_ms > settlesMs(state.phase);
  const timed = isWarm && hasLatencies(tick);
  const observed: JudgeState = {
    ...state,
    sequence: tick.sequence,
    last_tick_at: tick.to,
    missing_ticks: state.missing_ticks + (state.sequence < 0 ? 0 : tick.sequence - state.sequence - 1),
    green_requests: state.green_requests + tick.green.requests,
    timed_ticks: state.timed_ticks + (timed ? 1 : 0),
    share,
    tests: { failures: addFailures(state.tests.failures, tick), ...latencyTests(state, tick, timed) },
    // Failures while neither slot is ready are not green's; blue may have too few clients to show that.
    recent: state.neither_ready
      ? state.recent
      : withinRecent([...state.recent, { ...talliesOf(tick), duration_ms }]),
    neither_ready: neitherReady(state),
    phase: addToPhase(state.phase, tick, duration_ms),
  };
  return { ...observed, found: merge(observed.found, harmIn(observed)) };
};

const shareAfter = (
  { green_percent, settled_ms }: JudgeState["share"],
  tick: ReleaseTick,
  durationMs: number,
): JudgeState["share"] => ({
  green_percent: tick.green_percent,
  settled_ms: tick.green_percent > green_percent ? 0 : settled_ms + durationMs,
});

/** A short phase, as in a demonstration, has a short time to settle. */
const settlesMs = ({ dwell_ms }: JudgeState["phase"]): number =>
  Math.min(untimed.afterGrowthMs, dwell_ms / 3);

const hasLatencies = ({ blue, green }: ReleaseTick): boolean =>
  blue.slow_clients !== null && green.slow_clients !== null;

const addFailures = (test: EProcess, { green, blue }: ReleaseTick): EProcess =>
  addTick(
    test,
    {
      green: { hits: green.failed_clients, clients: green.clients },
      blue: { hits: blue.failed_clients, clients: blue.clients },
    },
    toleratedRatio.failures,
  );

const latencyTests = ({ tests }: JudgeState, { green, blue }: ReleaseTick, timed: boolean) => {
  const test = (metric: LatencyMetric): EProcess =>
    timed
      ? addTick(
          tests[metric],
          {
            green: { hits: green.slow_clients?.[metric] ?? 0, clients: green.clients },
            blue: { hits: blue.slow_clients?.[metric] ?? 0, clients: blue.clients },
          },
          toleratedRatio.slowness,
        )
      : tests[metric];
  return { p50: test("p50"), p95: test("p95"), p99: test("p99") };
};

const talliesOf = ({ blue, green }: ReleaseTick) => ({
  blue: { clients: blue.clients, failed: blue.failed_clients },
  green: { clients: green.clients, failed: green.failed_clients },
});

/** Drops the oldest ticks until the rest covers at most a minute. */
const withinRecent = (ticks: RecentTick[]): RecentTick[] => {
  let total = 0;
  const from = ticks.findLastIndex(({ duration_ms }) => {
    total += duration_ms;
    return total > recentMs;
  });
  return ticks.slice(from + 1).slice(-60);
};

/** Only ticks at the weight of the phase count for a pass. */
const addToPhase = (
  phase: JudgeState["phase"],
  tick: ReleaseTick,
  durationMs: number,
): JudgeState["phase"] =>
  tick.green_percent === phase.green_percent
    ? {
        ...phase,
        observed_ms: phase.observed_ms + durationMs,
        blue: addTally(phase.blue, tick.blue),
        green: addTally(phase.green, tick.green),
      }
    : phase;

/** The last minute of a role. */
export const recentTally = (state: JudgeState, role: Role): Tally =>
  state.recent.reduce(
    (sum, { [role]: { clients, failed } }) => ({
      clients: sum.clients + clients,
      failed: sum.failed + failed,
    }),
    { clients: 0, failed: 0 },
  );

/**
 * Whether more than 5 % of at least 20 clients of the last minute failed. With 20 clients, two failures by chance exceed
 * 5 %, so the lower bound of the share must.
 */
export const failsWidely = (state: JudgeState, role: Role): boolean => {
  const { clients, failed } = recentTally(state, role);
  return clients >= catastrophe.clients && confidenceSequence(failed, clients).lower > catastrophe.share;
};

const harmIn = (state: JudgeState): Finding[] => {
  const harm: Finding[] = [];
  const limit = Math.log(evidenceLimit);
  if (logEvidence(state.tests.failures) >= limit)
    harm.push({
      reason: "failures",
      text: `Clients of green fail more often. ${evidenceText(state.tests.failures)}`,
    });
  for (const metric of latencyMetrics)
    if (logEvidence(state.tests[metric]) >= limit)
      harm.push({
        reason: `slow_${metric}`,
        text: `More clients of green exceed 1.2 times the ${metric} of the hour before. ${evidenceText(state.tests[metric])}`,
      });
  if (failsWidely(state, "green") && !failsWidely(state, "blue")) {
    const { clients, failed } = recentTally(state, "green");
    harm.push({
      reason: "many_failures",
      text: `${percent(failed / clients)} of ${clients} clients of green failed in the last minute; the limit is 5 %.`,
    });
  }
  return harm;
};

/** The evidence E of a test; at most 1e300. */
export const evidenceOf = (test: EProcess): number => Math.min(Math.exp(logEvidence(test)), 1e300);

/** The evidence of a test in words. */
export const evidenceText = (test: EProcess): string => {
  const power = logEvidence(test) / Math.LN10;
  const value = power > 6 ? `10^${power.toFixed(0)}` : (10 ** power).toPrecision(3);
  return `E = ${value}; the limit is ${evidenceLimit}.`;
};

/** Adds findings with a new reason; the first of each reason is the one that reverted. */
export const merge = (found: readonly Finding[], more: readonly Finding[]): Finding[] => [
  ...found,
  ...more.filter(({ reason }) => !found.some((each) => each.reason === reason)),
];
