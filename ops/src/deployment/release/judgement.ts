import { z } from "zod";
import { type Clock, systemClock } from "../../core/clock.ts";
import {
  confidenceSequence,
  evidenceLimit,
  evidenceOf,
  findingSchema,
  greatestDifference,
  type JudgeState,
  judge,
  judgeHarm,
  type Role,
  recentTally,
  verdictSchema,
} from "../judge/index.ts";
import { baselineSchema, latencyMetrics, slots } from "../traffic/index.ts";
import { phaseNameSchema, readJudged } from "./judge-file.ts";

const share = z.number().min(0).max(1);

const roleSchema = z.object({
  slot: z.enum(slots),
  /** Clients of this phase. */
  clients: z.number(),
  failed: z.number(),
  /** Clients slower than 1.2 times the percentile of the hour before. */
  slow: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  /** Bounds of the share of failing clients, which hold at all looks. */
  failing: z.object({ lower: share, upper: share }),
  last_minute: z.object({ clients: z.number(), failed: z.number() }),
});

export const judgementSchema = z.object({
  /** Null outside of a phase: the release is judged for harm only. */
  phase: phaseNameSchema.nullable(),
  verdict: verdictSchema,
  /** Sentences with numbers, the deciding ones first. */
  evidence: z.array(z.string()),
  /** Reasons to revert. */
  found: z.array(findingSchema),
  started_at: z.iso.datetime(),
  observed_ms: z.number(),
  demands: z.object({
    green_percent: z.number(),
    delta: z.number(),
    dwell_ms: z.number(),
    deadline_ms: z.number(),
  }),
  /** By how much more of its clients green may fail than blue; it passes below `demands.delta`. */
  greatest_difference: z.number(),
  /** `blue` is the version in production, `green` is the new one. */
  roles: z.object({ blue: roleSchema, green: roleSchema }),
  /** The evidence E of each test; at `limit`, the release is reverted. */
  tests: z.array(
    z.object({ metric: z.enum(["failures", ...latencyMetrics]), e: z.number(), limit: z.number() }),
  ),
  baseline: baselineSchema.nullable(),
  last_tick_at: z.iso.datetime().nullable(),
});
/** What the judge of a release knows now. */
export type Judgement = z.infer<typeof judgementSchema>;

/**
 * What the judge of a release knows now; null before it began.
 *
 * @param directory of the release
 */
export const readJudgement = async (
  directory: string,
  clock: Clock = systemClock,
): Promise<Judgement | null> => {
  const judged = await readJudged(directory, () => undefined);
  if (!judged) return null;
  const { state } = judged;
  const { green_percent, delta, dwell_ms, deadline_ms, started_at, observed_ms } = state.phase;
  const roleOf = (role: Role) => ({ slot: judged.slots[role], ...describeRole(state, role) });
  return {
    phase: judged.phase,
    ...(judged.phase === null ? judgeHarm(state) : judge(state, clock.now())),
    found: state.found,
    started_at: new Date(started_at).toISOString(),
    observed_ms,
    demands: { green_percent, delta, dwell_ms, deadline_ms },
    greatest_difference: greatestDifference(state),
    roles: { blue: roleOf("blue"), green: roleOf("green") },
    tests: (["failures", ...latencyMetrics] as const).map((metric) => ({
      metric,
      e: evidenceOf(state.tests[metric]),
      limit: evidenceLimit,
    })),
    baseline: state.baseline,
    last_tick_at: state.last_tick_at === null ? null : new Date(state.last_tick_at).toISOString(),
  };
};

const describeRole = (state: JudgeState, role: Role) => {
  const tally = state.phase[role];
  return {
    ...tally,
    failing: confidenceSequence(tally.failed, tally.clients),
    last_minute: recentTally(state, role),
  };
};
