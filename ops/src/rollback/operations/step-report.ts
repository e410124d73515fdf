import { createHash } from "node:crypto";
import { z } from "zod";
import { followersReportSchema } from "../behaviours/wait-for-followers.ts";
import {
  type Change,
  checkSchema,
  type Direction,
  impactSchema,
  riskSchema,
  rowCountSchema,
} from "../change/change.ts";
import { lockModeSchema } from "../database/lock.ts";

/** A lock that the step's transaction takes, against writers or against everybody, and for how long. */
const heldLockSchema = z.object({
  table: z.string(),
  mode: lockModeSchema,
  held_ms: z.number().nonnegative(),
});
export type HeldLock = z.infer<typeof heldLockSchema>;

/** What moving one step did, or, in a dry run, would have done. */
export const stepReportSchema = z.object({
  step: z.int(),
  name: z.string(),
  title: z.string(),
  risk: riskSchema,
  /** The phrase that a rollback must repeat, if any. */
  acknowledge: z.string().nullable(),
  rows: z.array(rowCountSchema),
  locks: z.array(heldLockSchema),
  /** The step's transaction, from its first lock to its end. */
  duration_ms: z.number().nonnegative(),
  /** Which instances of the service follow the new state; null where there are none, and in a dry run. */
  followers: followersReportSchema.nullable(),
  impact: z.array(impactSchema),
  warnings: z.array(z.string()),
  blocked_by: z.array(z.string()),
  checks: z.array(checkSchema),
});
export type StepReport = z.infer<typeof stepReportSchema>;

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
