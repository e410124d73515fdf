import { type EProcess, startEProcess } from "./e-process.ts";
import type { SlotCounts } from "./tick.ts";

/** Blue in the hour before the release. */
export interface Baseline {
  requests: number;
  clients: number;
  failed_clients: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

/** The latencies in milliseconds above which a client counts as slow: 1.2 times those of the hour before. */
export const slowThresholds = ({ p50_ms, p95_ms, p99_ms }: Baseline) => ({
  p50: p50_ms * 1.2,
  p95: p95_ms * 1.2,
  p99: p99_ms * 1.2,
});

/** What a phase demands before it passes. */
export interface Phase {
  /** Share of clients of green, in percent. */
  green_percent: number;
  /** Greatest difference of the shares of failing clients that is acceptable, such as 0.02. */
  delta: number;
  dwell_ms: number;
  deadline_ms: number;
}

const minute = 60_000;

/** The phases of a release; the dwell is a setting. */
export const standardPhases: readonly Phase[] = [
  { green_percent: 1, delta: 0.02, dwell_ms: 5 * minute, deadline_ms: 60 * minute },
  { green_percent: 10, delta: 0.01, dwell_ms: 15 * minute, deadline_ms: 120 * minute },
  { green_percent: 50, delta: 0.005, dwell_ms: 30 * minute, deadline_ms: 240 * minute },
];

/** Hits and clients, added up. */
export interface Tally {
  clients: number;
  failed: number;
}

/** One tick of the last minute. */
export interface RecentTick {
  blue: Tally;
  green: Tally;
  duration_ms: number;
}

/** A reason to revert; it stays. */
export interface Finding {
  reason:
    | "failures"
    | "slow_p50"
    | "slow_p95"
    | "slow_p99"
    | "many_failures"
    | "process_exit"
    | "connect_failure"
    | "not_ready"
    | "step_check"
    | "critical_alert";
  text: string;
}

/** Everything that the judge knows. Plain JSON: a journal stores it, and a restarted judge continues with the same bits. */
export interface JudgeState {
  baseline: Baseline | null;
  /** The sequence of the newest tick; -1 before the first. */
  sequence: number;
  /** Milliseconds since the epoch at which the newest tick ended; null before the first. */
  last_tick_at: number | null;
  missing_ticks: number;
  ignored_ticks: number;
  green_requests: number;
  tests: { failures: EProcess; p50: EProcess; p95: EProcess; p99: EProcess };
  /** Ticks in which latencies were compared. */
  timed_ticks: number;
  recent: RecentTick[];
  failed_probes: { blue: number; green: number };
  phase: Phase & { started_at: number; observed_ms: number; blue: Tally; green: Tally };
  found: Finding[];
}

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
  recent: [],
  failed_probes: { blue: 0, green: 0 },
  phase: newPhase(phase, now),
  found: [],
});

/** Enters the next phase. The tests for harm go on; the counts for a pass start from zero. */
export const enterPhase = (state: JudgeState, phase: Phase, now: Date): JudgeState => ({
  ...state,
  phase: newPhase(phase, now),
});

const newPhase = (phase: Phase, now: Date): JudgeState["phase"] => ({
  ...phase,
  started_at: now.getTime(),
  observed_ms: 0,
  blue: { clients: 0, failed: 0 },
  green: { clients: 0, failed: 0 },
});

/** Adds the counts of a tick. */
export const addTally = (tally: Tally, { clients, failed_clients }: SlotCounts): Tally => ({
  clients: tally.clients + clients,
  failed: tally.failed + failed_clients,
});
