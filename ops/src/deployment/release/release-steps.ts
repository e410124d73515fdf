import { Failure } from "../../core/failure.ts";
import { isDatabaseUnavailable } from "../../database/index.ts";
import type { OperationRequest, RollbackManager } from "../../rollback/index.ts";
import type { Release } from "./release.ts";
import type { ReleaseWorld } from "./stages.ts";

/** Failures that pass: the database or the front is away, or something else holds a lock. */
const passing: ReadonlySet<string> = new Set([
  "EB_DATABASE_UNAVAILABLE",
  "EB_DATABASE_READ_ONLY",
  "EB_OPERATION_RUNNING",
  "EB_LOCK_NOT_OBTAINED",
  "EB_TRAFFIC_SWITCH",
]);

/** Whether an act failed because of something that may be over soon. */
export const isOutage = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || (error instanceof Failure && passing.has(error.code));

/**
 * The steps of a release. The database knows the state of each step, so that an act that is repeated after a crash does
 * nothing twice. A step that an earlier revert rolled back is re-applied, with its parked values.
 *
 * @param open resolves with the manager, as soon as the database can be reached
 */
export const releaseSteps = (
  open: () => Promise<RollbackManager>,
  {
    id,
    requested_by,
    origin,
    reason,
    acknowledge,
  }: Pick<Release, "id" | "requested_by" | "origin" | "reason" | "acknowledge">,
): ReleaseWorld["steps"] => {
  const request: OperationRequest = {
    requestedBy: requested_by,
    origin,
    reason: `release ${id}: ${reason}`,
    acknowledge,
  };
  const stateOf = async (manager: RollbackManager, step: number) =>
    (await manager.getStatus()).steps.find((status) => status.step === step)?.state;
  return {
    apply: async (step) => {
      const manager = await open();
      await manager.install(request, { only: [step] });
      if ((await stateOf(manager, step)) === "rolled_back") await manager.reapplyStep(step, request);
    },
    rollBack: async (step) => {
      const manager = await open();
      if ((await stateOf(manager, step)) === "applied") await manager.rollbackStep(step, request);
    },
    settle: async (steps) => {
      const settled = await (await open()).settle(steps, request);
      const filled = settled.flatMap(({ rows }) => rows.filter(({ action }) => action === "filled"));
      return filled.reduce((sum, { rows }) => sum + rows, 0);
    },
  };
};
