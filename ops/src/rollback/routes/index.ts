import type { FastifyInstance, onRequestAsyncHookHandler } from "fastify";
import type { AuditRefusalsOptions } from "./audit-refusals.ts";

export interface RollbackRoutesOptions extends AuditRefusalsOptions {
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** The routes about reversible changes: operators may look, admins may move. */
export const rollbackRoutes = async (app: FastifyInstance, options: RollbackRoutesOptions): Promise<void> => {
  // Loaded here: a change file that imports "@earlybird-ops/platform/rollback" needs no routes, and the command line neither.
  const [{ readingRoutes }, { eventRoutes }, { movingRoutes }] = await Promise.all([
    import("./read.ts"),
    import("./events.ts"),
    import("./move.ts"),
  ]);
  await app.register(readingRoutes, options);
  await app.register(eventRoutes, options);
  await app.register(movingRoutes, options);
};
