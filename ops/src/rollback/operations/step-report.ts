import { createHash } from "node:crypto";
import { z } from "zod";
import { followersReportSchema } from "../behaviours/wait-for-followers.ts";
import {
  type Change,
  checkSchema,
  type Direction,
  impactLineSchema,
  riskSchema,
  rowCountSchema,
} from "../change/change.ts";
import { lockModeSchema } from "../database/lock.ts";

/** A lock that the transaction of the step takes, and how long it is held. */
const heldLockSchema = z.object({
  table: z.string(),
  mode: lockModeSchema,
  held_ms: z.number().nonnegative(),
});
export type HeldLock = z.infer<typeof heldLockSchema>;

/** The result of moving one step, or its preview in a dry run. */
export const stepReportSchema = z.object({
  step: z.int(),
  name: z.string(),
  title: z.string(),
  risk: riskSchema,
  /** The phrase that acknowledges a rollback, if required. */
  acknowledge: z.string().nullable(),
  rows: z.array(rowCountSchema),
  locks: z.array(heldLockSchema),
  /** The duration of the transaction, from its first lock to its end. */
  duration_ms: z.number().nonnegative(),
  /** The instances of the service that follow the new state; null if there are none, and in a dry run. */
  followers: followersReportSchema.nullable(),
  impact: z.array(impactLineSchema),
  warnings: z.array(z.string()),
  blocked_by: z.array(z.string()),
  checks: z.array(checkSchema),
});
export type StepReport = z.infer<typeof stepReportSchema>;

/**
 * The hash of a plan: the direction, the steps in order, and the rows of each. A move with this hash is refused if any of
 * these has changed. An estimated plan does not include rows, because planner statistics change.
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
