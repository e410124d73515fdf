import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RollbackManager } from "../manager.ts";

/**
 * Demands a recent login before a move of a critical step, and before what takes up an operation or destroys what is
 * parked. With `cascade` any step may come along. A dry run needs none.
 */
export const requireRecentLogin = (
  app: FastifyInstance,
  manager: Pick<RollbackManager, "criticalSteps">,
  demand: ((request: FastifyRequest) => Promise<void>) | undefined,
): void => {
  if (!demand) return;
  app.addHook("preHandler", async (request) => {
    if (isCritical(request, manager.criticalSteps)) await demand(request);
  });
};

interface Move {
  from?: number;
  to?: number;
  cascade?: boolean;
  dry_run?: boolean;
}

const isCritical = ({ routeOptions, params, body }: FastifyRequest, critical: readonly number[]): boolean => {
  const { attempt } = routeOptions.config;
  if (attempt === "resume" || attempt === "abort" || attempt === "purge") return true;
  const { step } = params as { step?: number };
  const { from = step ?? 0, to = from, cascade = false, dry_run = false } = (body ?? {}) as Move;
  if (!["rollback", "reapply", "range"].includes(attempt ?? "") || dry_run) return false;
  return cascade || critical.some((each) => each >= Math.min(from, to) && each <= Math.max(from, to));
};
