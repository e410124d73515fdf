import { createHash } from "node:crypto";
import type { FollowersReport } from "../behaviours/wait-for-followers.ts";
import type { Change, Check, Direction, Impact, Risk, RowCount } from "../change/change.ts";
import type { LockMode } from "../database/lock.ts";

/** A lock that the step's transaction takes, against writers or against everybody, and for how long. */
export interface HeldLock {
  table: string;
  mode: LockMode;
  held_ms: number;
}

/** What moving one step did, or, in a dry run, would have done. */
export interface StepReport {
  step: number;
  name: string;
  title: string;
  risk: Risk;
  /** The phrase that a rollback must repeat, if any. */
  acknowledge: string | null;
  rows: RowCount[];
  locks: HeldLock[];
  /** The step's transaction, from its first lock to its end. */
  duration_ms: number;
  /** Which instances of the service follow the new state; null where there are none, and in a dry run. */
  followers: FollowersReport | null;
  impact: Impact[];
  warnings: string[];
  blocked_by: string[];
  checks: Check[];
}

/**
 * What a plan promises, in one hash: the direction, the steps in their order, and the rows each touches. A
 * run that demands the hash is refused once any of these has changed. A plan that was only estimated
 * promises no rows: the planner's numbers change by themselves.
 */
export const planHash = (
  direction: Direction,
  steps: readonly Pick<StepReport, "step" | "rows" | "blocked_by">[],
  { executed }: { executed: boolean },
): string => {
  const promised = steps.map(({ step, rows, blocked_by }) => [
    step,
    executed ? rows.map(({ table, action, rows: count }) => [table, action, count]) : "estimated",
    blocked_by,
  ]);
  return createHash("sha256")
    .update(JSON.stringify([direction, promised]))
    .digest("hex")
    .slice(0, 16);
};

export const emptyReport = (change: Change): StepReport => ({
  step: change.step,
  name: change.name,
  title: change.title,
  risk: change.risk,
  acknowledge: change.acknowledge ?? null,
  rows: [],
  locks: [],
  duration_ms: 0,
  followers: null,
  impact: [],
  warnings: [],
  blocked_by: [],
  checks: [],
});
