import { Failure } from "../../core/failure.ts";
import { isDatabaseUnavailable } from "../../database/index.ts";
import type { OperationRequest, RollbackManager } from "../../rollback/index.ts";
import type { Release } from "./release.ts";
import type { ReleaseWorld } from "./stages.ts";

/** Failures that pass: the database is away, or something else holds a lock. */
const passing: ReadonlySet<string> = new Set([
  "EB_DATABASE_UNAVAILABLE",
  "EB_DATABASE_READ_ONLY",
  "EB_OPERATION_RUNNING",
  "EB_LOCK_NOT_OBTAINED",
]);

/** Whether an act failed because of something that may be over soon. */
export const isOutage = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || (error instanceof Failure && passing.has(error.code));

/**
 * The steps of a release. The database knows the state of each step, so that an act that is repeated after a crash does
 * nothing twice. A step that an earlier revert rolled back is re-applied, with its parked values.
 *
 * @param acknowledge the phrases of critical steps, given when the release was planned
 */
export const releaseSteps = (
  manager: RollbackManager,
  { id, requested_by, origin, reason }: Pick<Release, "id" | "requested_by" | "origin" | "reason">,
  acknowledge: readonly string[],
): ReleaseWorld["steps"] => {
  const request: OperationRequest = {
    requestedBy: requested_by,
    origin,
    reason: `release ${id}: ${reason}`,
    acknowledge,
  };
  const stateOf = async (step: number) =>
    (await manager.getStatus()).steps.find((status) => status.step === step)?.state;
  return {
    apply: async (step) => {
      await manager.install(request, { only: [step] });
      if ((await stateOf(step)) === "rolled_back") await manager.reapplyStep(step, request);
    },
    rollBack: async (step) => {
      if ((await stateOf(step)) === "applied") await manager.rollbackStep(step, request);
    },
    settle: async (steps) => {
      const settled = await manager.settle(steps, request);
      const filled = settled.flatMap(({ rows }) => rows.filter(({ action }) => action === "filled"));
      return filled.reduce((sum, { rows }) => sum + rows, 0);
    },
  };
};
