import type { FastifyInstance, FastifyRequest } from "fastify";
import { plainName } from "../../lib/chosen-names.ts";
import type { AlertManager } from "../alert-manager.ts";
import type { MuteListener } from "../mute.ts";
import { type MutingOptions, mutingRoutes } from "./muting.ts";
import { type ReadingOptions, readingRoutes } from "./reading.ts";

export interface AlertRoutesOptions {
  alerts: AlertManager;
  /** Whoever brings the notifications to people. */
  dispatcher: MutingOptions["dispatcher"] & ReadingOptions["dispatcher"];
  /** Says who asks, or refuses whoever is not an operator. */
  operator: (request: FastifyRequest) => Promise<{ id: string; name: string }>;
  onSecurityMute?: MuteListener | undefined;
}

/** The routes about alerts, for operators. They answer from memory where they can, also while the database is away. */
export const alertRoutes = async (
  app: FastifyInstance,
  { alerts, dispatcher, operator, onSecurityMute }: AlertRoutesOptions,
): Promise<void> => {
  const asking = new WeakMap<FastifyRequest, string>();
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request) => {
      const { id, name } = await operator(request);
      asking.set(request, `${plainName(name)} (${id})`);
    });
    await scope.register(readingRoutes, { alerts, dispatcher });
    await scope.register(mutingRoutes, {
      alerts,
      dispatcher,
      by: (request) => asking.get(request) ?? "unknown",
      onSecurityMute,
    });
  });
};
