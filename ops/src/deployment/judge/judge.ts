import { z } from "zod";
import { confidenceSequence } from "./confidence-sequence.ts";
import { evidenceText, failsWidely, recentTally } from "./observe.ts";
import { type JudgeState, neitherReady, type Tally } from "./state.ts";
import { duration, percent } from "./words.ts";

export const verdictSchema = z.enum(["pass", "fail", "hold", "unknown"]);

/**
 * - `pass`: the phase has shown what it had to
 * - `fail`: revert
 * - `hold`: stop, and ask a person: both slots are worse, or the deadline has passed
 * - `unknown`: not enough is known; wait, never advance
 */
export interface Verdict {
  verdict: z.infer<typeof verdictSchema>;
  /** Sentences with numbers, the deciding ones first. */
  evidence: string[];
}

/** After this long without a tick, nothing is known about the present. */
const staleMs = 30_000;

/** Judges the current phase. Looking more often changes no error rate. */
export const judge = (state: JudgeState, now: Date): Verdict => {
  const harm = harmFound(state);
  if (harm) return harm;
  const notTheRelease = bothWorse(state);
  if (notTheRelease) return { verdict: "hold", evidence: [notTheRelease] };
  const lacking = lacks(state, now);
  const evidence = [...lacking, ...comparison(state)];
  if (lacking.length === 0) return { verdict: "pass", evidence };
  if (elapsedMs(state, now) >= state.phase.deadline_ms)
    return {
      verdict: "hold",
      evidence: [`The deadline of ${duration(state.phase.deadline_ms)} has passed.`, ...evidence],
    };
  return { verdict: "unknown", evidence };
};

/** Judges a release outside of its phases: `fail` if the new version did harm, else `unknown`. */
export const judgeHarm = (state: JudgeState): Verdict =>
  harmFound(state) ?? { verdict: "unknown", evidence: comparison(state) };

const harmFound = ({ found }: JudgeState): Verdict | null =>
  found.length === 0 ? null : { verdict: "fail", evidence: found.map(({ text }) => text) };

/** Time in the phase. A clock that was set back does not stop it. */
const elapsedMs = ({ phase }: JudgeState, now: Date): number =>
  Math.max(now.getTime() - phase.started_at, phase.observed_ms);

/** The reason to hold if blue is as much worse than before as green; null otherwise. */
const bothWorse = (state: JudgeState): string | null => {
  if (neitherReady(state)) return "Neither slot is ready: the cause is not the release.";
  if (failsWidely(state, "green") && failsWidely(state, "blue"))
    return "More than 5 % of the clients of both slots failed in the last minute: the cause is not the release.";
  if (!state.baseline) return null;
  const before = confidenceSequence(state.baseline.failed_clients, state.baseline.clients).upper;
  const isWorse = ({ failed, clients }: Tally) => confidenceSequence(failed, clients).lower > before;
  const [blue, green] = [recentTally(state, "blue"), recentTally(state, "green")];
  return isWorse(blue) && isWorse(green)
    ? `Both slots fail more often than in the hour before (${share(blue)} of blue, ${share(green)} of green): the cause is not the release.`
    : null;
};

/** A sentence for each thing that is missing for a pass. */
const lacks = (state: JudgeState, now: Date): string[] => {
  const { phase, baseline, last_tick_at } = state;
  const missing: string[] = [];
  if (last_tick_at === null) missing.push("There are no counts yet.");
  else if (Math.abs(now.getTime() - last_tick_at) > staleMs)
    missing.push(`The newest counts are ${duration(Math.abs(now.getTime() - last_tick_at))} away from now.`);
  if (phase.green.clients === 0) missing.push("No client has used green in this phase.");
  if (phase.blue.clients === 0)
    missing.push("No client has used blue in this phase: there is nothing to compare.");
  if (!baseline) missing.push("Blue has no baseline, so slowness is unknown.");
  if (state.timed_ticks === 0) missing.push("Latencies have not been compared yet.");
  if (phase.observed_ms < phase.dwell_ms)
    missing.push(`Observed for ${duration(phase.observed_ms)} of ${duration(phase.dwell_ms)}.`);
  const difference = greatestDifference(state);
  if (difference >= phase.delta)
    missing.push(
      `Green may fail by up to ${percent(difference)} more clients than blue; the limit is ${percent(phase.delta)}.`,
    );
  return missing;
};

/** The upper bound of green's share of failing clients minus the lower bound of blue's. */
export const greatestDifference = ({ phase: { green, blue } }: JudgeState): number =>
  confidenceSequence(green.failed, green.clients).upper - confidenceSequence(blue.failed, blue.clients).lower;

const comparison = (state: JudgeState): string[] => {
  const { phase, tests, missing_ticks, ignored_ticks } = state;
  const lines = [
    `Failing clients: ${share(phase.green)} of green, ${share(phase.blue)} of blue; difference below ${percent(greatestDifference(state))}.`,
    `Failures: ${evidenceText(tests.failures)}`,
    ...(["p50", "p95", "p99"] as const).map(
      (metric) => `Slower than ${metric}: ${evidenceText(tests[metric])}`,
    ),
  ];
  if (missing_ticks > 0) lines.push(`${missing_ticks} ticks are missing; they do not count as observed.`);
  if (ignored_ticks > 0) lines.push(`${ignored_ticks} ticks came twice or out of order and were ignored.`);
  return lines;
};

const share = ({ failed, clients }: Tally): string =>
  clients === 0 ? "no clients" : `${percent(failed / clients)} (${failed} of ${clients})`;
