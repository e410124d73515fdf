import type { FastifyInstance, FastifyRequest } from "fastify";
import { plainName } from "../../core/safe-names.ts";
import type { MuteListener } from "../incidents/mute-event.ts";
import type { AlertManager } from "../manager.ts";
import { acknowledgingRoutes } from "./acknowledge.ts";
import { type TypesOptions, typesRoute } from "./alert-types.ts";
import { maintenanceRoutes } from "./maintenance.ts";
import { type MutingOptions, mutingRoutes } from "./mute.ts";
import { type ReadingOptions, readingRoutes } from "./read.ts";

export interface AlertRoutesOptions {
  alerts: AlertManager;
  /** Sends the notifications. */
  dispatcher: MutingOptions["dispatcher"] & ReadingOptions["dispatcher"];
  /** Returns the operator of a request, or rejects the request. */
  operator: (request: FastifyRequest) => Promise<{ id: string; name: string }>;
  onSecurityMute?: MuteListener | undefined;
  /** The settings of the service, if it was configured by them. */
  settings?: TypesOptions["settings"] | undefined;
}

/** The routes about alerts, for operators. They answer from memory where they can, also while the database is away. */
export const alertRoutes = async (
  app: FastifyInstance,
  { alerts, dispatcher, operator, onSecurityMute, settings = [] }: AlertRoutesOptions,
): Promise<void> => {
  const asking = new WeakMap<FastifyRequest, string>();
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request) => {
      const { id, name } = await operator(request);
      asking.set(request, `${plainName(name)} (${id})`);
    });
    const by = (request: FastifyRequest) => asking.get(request) ?? "unknown";
    await scope.register(readingRoutes, { alerts, dispatcher });
    await scope.register(typesRoute, { alerts, settings });
    await scope.register(mutingRoutes, { alerts, dispatcher, by, onSecurityMute });
    await scope.register(maintenanceRoutes, { alerts, by, onSecurityMute });
    await scope.register(acknowledgingRoutes, { alerts, by });
  });
};
