import { z } from "zod";
import { type Baseline, baselineSchema } from "../traffic/baseline.ts";
import type { SlotCounts } from "../traffic/counts.ts";
import { eProcessSchema, startEProcess } from "./e-process.ts";

/** What a phase demands before it passes. */
const phaseSchema = z.object({
  /** Share of clients of green, in percent. */
  green_percent: z.number(),
  /** Greatest difference of the shares of failing clients that is acceptable, such as 0.02. */
  delta: z.number(),
  dwell_ms: z.number(),
  deadline_ms: z.number(),
});
export type Phase = z.infer<typeof phaseSchema>;

const minute = 60_000;

/** The phases of a release; the dwell is a setting. */
export const standardPhases: readonly Phase[] = [
  { green_percent: 1, delta: 0.02, dwell_ms: 5 * minute, deadline_ms: 60 * minute },
  { green_percent: 10, delta: 0.01, dwell_ms: 15 * minute, deadline_ms: 120 * minute },
  { green_percent: 50, delta: 0.005, dwell_ms: 30 * minute, deadline_ms: 240 * minute },
];

const tallySchema = z.object({ clients: z.number(), failed: z.number() });
/** Hits and clients, added up. */
export type Tally = z.infer<typeof tallySchema>;

const phaseTallySchema = tallySchema.extend({
  slow: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
});
/** A phase of one role, added up. */
export type PhaseTally = z.infer<typeof phaseTallySchema>;

const recentTickSchema = z.object({ blue: tallySchema, green: tallySchema, duration_ms: z.number() });
/** One tick of the last minute. */
export type RecentTick = z.infer<typeof recentTickSchema>;

export const findingSchema = z.object({
  reason: z.enum([
    "failures",
    "slow_p50",
    "slow_p95",
    "slow_p99",
    "many_failures",
    "process_exit",
    "connect_failure",
    "not_ready",
    "step_check",
    "critical_alert",
  ]),
  text: z.string(),
});
/** A reason to revert; it stays. */
export type Finding = z.infer<typeof findingSchema>;

export const judgeStateSchema = z.object({
  baseline: baselineSchema.nullable(),
  /** The sequence of the newest tick; -1 before the first. */
  sequence: z.number(),
  /** Milliseconds since the epoch at which the newest tick ended; null before the first. */
  last_tick_at: z.number().nullable(),
  missing_ticks: z.number(),
  ignored_ticks: z.number(),
  green_requests: z.number(),
  tests: z.object({
    failures: eProcessSchema,
    p50: eProcessSchema,
    p95: eProcessSchema,
    p99: eProcessSchema,
  }),
  /** Ticks in which latencies were compared. */
  timed_ticks: z.number(),
  /** The share of green in the newest tick, in percent, and for how long it has not grown. */
  share: z.object({ green_percent: z.number(), settled_ms: z.number() }),
  recent: z.array(recentTickSchema),
  failed_probes: z.object({ blue: z.number(), green: z.number() }),
  /** Whether neither slot was ready at some time since the last tick. */
  neither_ready: z.boolean(),
  phase: phaseSchema.extend({
    started_at: z.number(),
    observed_ms: z.number(),
    blue: phaseTallySchema,
    green: phaseTallySchema,
  }),
  found: z.array(findingSchema),
});
/** Everything that the judge knows. Plain JSON: a file stores it, and a restarted judge continues with the same bits. */
export type JudgeState = z.infer<typeof judgeStateSchema>;

/** Starts the judge of a release. `baseline` is null if blue had no traffic; then no phase passes. */
export const startJudge = (baseline: Baseline | null, phase: Phase, now: Date): JudgeState => ({
  baseline,
  sequence: -1,
  last_tick_at: null,
  missing_ticks: 0,
  ignored_ticks: 0,
  green_requests: 0,
  tests: {
    failures: startEProcess(),
    p50: startEProcess(),
    p95: startEProcess(),
    p99: startEProcess(),
  },
  timed_ticks: 0,
  share: { green_percent: 0, settled_ms: 0 },
  recent: [],
  failed_probes: { blue: 0, green: 0 },
  neither_ready: false,
  phase: newPhase(phase, now),
  found: [],
});

/** Whether neither slot is ready: the database or the machine, not the release. */
export const neitherReady = ({
  failed_probes: { blue, green },
}: Pick<JudgeState, "failed_probes">): boolean => blue > 0 && green > 0;

/** Enters the next phase. The tests for harm go on; the counts for a pass start from zero. */
export const enterPhase = (state: JudgeState, phase: Phase, now: Date): JudgeState => ({
  ...state,
  phase: newPhase(phase, now),
});

const newPhase = (phase: Phase, now: Date): JudgeState["phase"] => ({
  ...phase,
  started_at: now.getTime(),
  observed_ms: 0,
  blue: { clients: 0, failed: 0, slow: { p50: 0, p95: 0, p99: 0 } },
  green: { clients: 0, failed: 0, slow: { p50: 0, p95: 0, p99: 0 } },
});

/** Adds the counts of a tick. */
export const addTally = (
  { clients, failed, slow }: PhaseTally,
  { clients: moreClients, failed_clients, slow_clients }: SlotCounts,
): PhaseTally => ({
  clients: clients + moreClients,
  failed: failed + failed_clients,
  slow: {
    p50: slow.p50 + (slow_clients?.p50 ?? 0),
    p95: slow.p95 + (slow_clients?.p95 ?? 0),
    p99: slow.p99 + (slow_clients?.p99 ?? 0),
  },
});
