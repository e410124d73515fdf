import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Failure } from "../lib/failure.ts";
import {
  detailedHealth,
  diagnostics,
  fleetPerformance,
  health,
  performance,
  type status,
} from "./answers.ts";
import type { FleetEndpoint, FleetSummary, Instance } from "./fleet/index.ts";
import type { MonitoringService } from "./monitoring-service.ts";
import { type PerformanceWindow, performanceWindows } from "./performance-summary.ts";

/** What diagnostics tell of an alert that fires. */
export interface FiringAlert {
  id: string;
  type: string;
  severity: string;
  message: string;
  /** ISO 8601. */
  fired_at: string;
}

/** What answers for all instances. */
export interface FleetReader {
  readonly living: readonly Instance[];
  summary(window: PerformanceWindow): Promise<FleetSummary>;
  endpoints(window: PerformanceWindow): Promise<FleetEndpoint[]>;
}

export interface HealthRoutesOptions {
  monitoring: MonitoringService;
  /** Left out, nobody can be asked but this instance. */
  fleet?: FleetReader | undefined;
  /** Of the service, as it tells the world. */
  version: string;
  /** The alerts that fire now. */
  firingAlerts: () => FiringAlert[];
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const notReady = (reasons: string[]) =>
  new Failure(
    "EB_NOT_READY",
    503,
    `The service is not ready: ${reasons.join("; ")}.`,
    "Try again in a second; the service recovers by itself when its database is back.",
  );

const noFleet = () =>
  new Failure(
    "EB_NO_FLEET",
    404,
    "This service keeps no common record of its instances.",
    "Ask each instance, without scope=fleet; or give the plugin a fleet.",
  );

const scope = z
  .enum(["instance", "fleet"])
  .default("instance")
  .describe("fleet: all instances, by their minutes in the database.");

const windows = Object.keys(performanceWindows) as [PerformanceWindow, ...PerformanceWindow[]];

/** Asked every few seconds by machines: no limit on how often, and no line in the log for a 503. */
const probe = { config: { rateLimit: false } as object, logLevel: "error" } as const;

const notStarted = "no check has finished yet";

/**
 * The routes about the service's own health. All answer from the latest snapshot and wait for nothing; but who asks
 * about the fleet waits for the database.
 */
export const healthRoutes: FastifyPluginAsyncZod<HealthRoutesOptions> = async (
  app,
  { monitoring, fleet, version, firingAlerts, operatorOnly },
) => {
  const theFleet = () => {
    if (!fleet) throw noFleet();
    return fleet;
  };
  const currentHealth = () => ({
    status: monitoring.snapshot?.status ?? ("unhealthy" as const),
    timestamp: monitoring.clock.now().toISOString(),
    uptime_seconds: monitoring.uptimeSeconds,
    version,
  });
  const currentDetails = () => {
    const { snapshot } = monitoring;
    return {
      ...currentHealth(),
      reasons: snapshot?.reasons ?? [notStarted],
      checked_at: snapshot?.taken_at.toISOString() ?? null,
      database: snapshot ? { ...snapshot.database, details: snapshot.database.details ?? null } : null,
      system: snapshot ? monitoring.systemReport : null,
      performance: monitoring.performance.summary("1m"),
    };
  };
  const httpStatusOf = (is: z.infer<typeof status>) => (is === "unhealthy" ? 503 : 200);

  app.get(
    "/livez",
    {
      ...probe,
      schema: {
        tags: ["health"],
        summary: "Is the process up? Never asks the database.",
        response: { 200: z.object({ status: z.literal("alive") }) },
      },
    },
    async () => ({ status: "alive" as const }),
  );

  app.get(
    "/readyz",
    {
      ...probe,
      schema: {
        tags: ["health"],
        summary: "Can it serve? 503 while the database is away.",
        response: { 200: z.object({ status: z.literal("ready") }) },
      },
    },
    async () => {
      const { snapshot } = monitoring;
      if (!snapshot) throw notReady([notStarted]);
      // Who asks needs no login: that the database is away may be known, which one and where may not.
      if (snapshot.status === "unhealthy") throw notReady(["the database does not answer"]);
      return { status: "ready" as const };
    },
  );

  app.get(
    "/api/health",
    {
      ...probe,
      schema: {
        tags: ["health"],
        summary: "How is it? 503 when unhealthy.",
        response: { 200: health, 503: health },
      },
    },
    async (_, reply) => {
      const now = currentHealth();
      return reply.code(httpStatusOf(now.status)).send(now);
    },
  );

  app.get(
    "/api/health/detailed",
    {
      ...probe,
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary: "How is it, and why: database, process, and the requests of the last minute.",
        response: { 200: detailedHealth, 503: detailedHealth },
      },
    },
    async (_, reply) => {
      const now = currentDetails();
      return reply.code(httpStatusOf(now.status)).send(now);
    },
  );

  app.get(
    "/api/health/diagnostics",
    {
      ...probe,
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary: "All of it, and each endpoint's last minute, what fires, and what monitoring itself costs.",
        querystring: z.strictObject({ scope }),
        response: { 200: diagnostics, 503: diagnostics },
      },
    },
    async ({ query }, reply) => {
      const now = currentDetails();
      const alerts = firingAlerts();
      const requests =
        query.scope === "fleet"
          ? await minuteOf(theFleet())
          : { endpoints: monitoring.snapshot?.performance.endpoints ?? [] };
      return reply.code(httpStatusOf(now.status)).send({
        ...now,
        ...requests,
        alerts: { active: alerts.length, firing: alerts },
        collections: monitoring.snapshot?.database.details?.collections ?? [],
        overhead: monitoring.overhead,
      });
    },
  );

  app.get(
    "/api/health/metrics",
    {
      ...probe,
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary: "The requests of a window: how many, how fast, how many failed.",
        querystring: z.strictObject({ window: z.enum(windows).default("1m"), scope }),
        response: { 200: z.union([performance, fleetPerformance]) },
      },
    },
    async ({ query }) =>
      query.scope === "fleet"
        ? theFleet().summary(query.window)
        : monitoring.performance.summary(query.window),
  );
};

const minuteOf = async (fleet: FleetReader) => ({
  performance: await fleet.summary("1m"),
  endpoints: await fleet.endpoints("1m"),
  instances: [...fleet.living],
});
