import type { FastifyInstance, onRequestAsyncHookHandler } from "fastify";
import type { AttemptRules } from "./attempts.ts";
import { eventRoutes } from "./events.ts";
import { movingRoutes } from "./moving.ts";
import { readingRoutes } from "./reading.ts";

export interface RollbackRoutesOptions extends AttemptRules {
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** The routes about reversible changes: operators may look, admins may move. */
export const rollbackRoutes = async (app: FastifyInstance, options: RollbackRoutesOptions): Promise<void> => {
  await app.register(readingRoutes, options);
  await app.register(eventRoutes, options);
  await app.register(movingRoutes, options);
};
