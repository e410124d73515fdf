import { defineFailure } from "../../core/failure.ts";
import type { Change, Database, Direction, OnConflict } from "../change/change.ts";
import type { Engine } from "../engine/engine.ts";
import type { StepReport } from "../operations/step-report.ts";
import { dryRun } from "./dry-run.ts";

export const planStale = defineFailure({
  code: "EB_PLAN_STALE",
  status: 409,
  exitStatus: 3,
  detail:
    "The plan {demanded} no longer holds: the data or the steps have changed since, and the plan is now {current}.",
  remedy: "Run a new dry run and use its hash, or omit --plan.",
});

/**
 * Repeats the dry run and returns its reports if the hash is the same. An estimated plan fixes the steps and their order,
 * and no rows: the result is then undefined.
 *
 * @throws Failure EB_PLAN_STALE
 */
export const verifyPlan = async (
  engine: Engine,
  session: Database,
  demand: { plan: string; direction: Direction; moving: readonly Change[]; onConflict: OnConflict },
): Promise<readonly StepReport[] | undefined> => {
  const { plan, direction, moving, onConflict } = demand;
  const rehearse = (execute: boolean) =>
    dryRun(engine, session, { direction, moving, options: { execute, onConflict } });
  const first = await rehearse(false);
  if (first.plan.hash === plan) return first.executed ? first.steps : undefined;
  // The hash can come from a dry run that was executed above the limit of rows.
  const second = first.executed ? first : await rehearse(true);
  if (second.plan.hash !== plan)
    throw planStale({ demanded: plan, current: second.plan.hash }, { plan: second.plan.hash });
  return second.steps;
};
