import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { defineFailure } from "../../core/failure.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import type { FleetEndpoint, FleetSummary } from "../fleet/fleet-summary.ts";
import type { Instance } from "../fleet/instances.ts";
import type { PerformanceWindow } from "../requests/summary.ts";
import { probeRoutes } from "./probes.ts";
import { currentDetails, httpStatusOf, type Service } from "./report.ts";
import {
  detailedHealth,
  diagnostics,
  type FiringAlert,
  type Follower,
  performance,
  scopeQuery,
  windowQuery,
} from "./schemas.ts";

/** Reports on all instances. */
export interface FleetReader {
  readonly living: readonly Instance[];
  summary(window: PerformanceWindow): Promise<FleetSummary>;
  endpoints(window: PerformanceWindow): Promise<FleetEndpoint[]>;
}

export interface HealthRoutesOptions extends Service {
  /** Without it, `scope=fleet` is refused. */
  fleet?: FleetReader | undefined;
  firingAlerts: () => FiringAlert[];
  /** The instances that follow the reversible changes. Without it, there are no changes. */
  followers?: (() => Promise<Follower[]>) | undefined;
  /** Refuses requests that are not from an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const noFleet = defineFailure({
  code: "EB_NO_FLEET",
  status: 404,
  detail: "This service does not record the metrics of all instances.",
  remedy: "Request each instance without scope=fleet, or pass the fleet option to the plugin.",
});

const followersTimeoutMs = 500;

/** Diagnostics list at most this many firing alerts, the latest. */
const maxFiring = 100;

/** The health of the service. Responses come from memory, except that `scope=fleet` reads the database. */
export const healthRoutes: FastifyPluginAsyncZod<HealthRoutesOptions> = async (
  app,
  { fleet, firingAlerts, followers = async () => [], operatorOnly, ...service },
) => {
  const { monitoring } = service;
  const existingFleet = () => {
    if (!fleet) throw noFleet();
    return fleet;
  };
  const route = { config: { problems: [404] }, logLevel: "error", onRequest: operatorOnly } as const;
  await app.register(probeRoutes, service);

  app.get(
    "/api/health/detailed",
    {
      ...route,
      schema: {
        tags: ["health"],
        summary: "Get health with its reasons: database, process and the requests of the last minute.",
        querystring: scopeQuery,
        response: { 200: detailedHealth, 503: detailedHealth },
      },
    },
    async ({ query }, reply) => {
      const now = currentDetails(service);
      const requests = query.scope === "fleet" ? { performance: await existingFleet().summary("1m") } : {};
      return reply.code(httpStatusOf(now.status)).send({ ...now, ...requests });
    },
  );

  app.get(
    "/api/health/diagnostics",
    {
      ...route,
      schema: {
        tags: ["health"],
        summary:
          "Get everything: health, the last minute of each endpoint, firing alerts and the cost of monitoring.",
        querystring: scopeQuery,
        response: { 200: diagnostics, 503: diagnostics },
      },
    },
    async ({ query }, reply) => {
      const requests =
        query.scope === "fleet"
          ? await lastMinuteOf(existingFleet())
          : { endpoints: await monitoring.endpoints() };
      const now = currentDetails(service);
      const firing = firingAlerts();
      const following = await withTimeout(followersTimeoutMs, followers()).catch(() => null);
      // Validating thousands of numbers against the schema takes longer than all the rest.
      return reply
        .code(httpStatusOf(now.status))
        .type("application/json; charset=utf-8")
        .serializer(JSON.stringify)
        .send({
          ...now,
          ...requests,
          alerts: { active: firing.length, firing: firing.slice(-maxFiring).map(summaryOf) },
          followers: following,
          collections: monitoring.snapshot?.database.details?.collections ?? [],
          overhead: monitoring.overhead,
        });
    },
  );

  app.get(
    "/api/health/metrics",
    {
      ...route,
      schema: {
        tags: ["health"],
        summary: "Get the number, durations and errors of the requests in a window.",
        querystring: windowQuery,
        response: { 200: performance },
      },
    },
    async ({ query }) =>
      query.scope === "fleet"
        ? existingFleet().summary(query.window)
        : monitoring.performance.summary(query.window),
  );
};

const lastMinuteOf = async (fleet: FleetReader) => ({
  performance: await fleet.summary("1m"),
  endpoints: await fleet.endpoints("1m"),
  instances: [...fleet.living],
});

const summaryOf = ({ id, type, severity, message, fired_at }: FiringAlert): FiringAlert => ({
  id,
  type,
  severity,
  message,
  fired_at,
});
