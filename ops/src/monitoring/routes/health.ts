import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import { within } from "../../core/with-timeout.ts";
import type { FleetEndpoint, FleetSummary, Instance } from "../fleet/index.ts";
import { type PerformanceWindow, performanceWindows } from "../requests/summary.ts";
import { currentDetails, httpStatusOf, type Service } from "./current-health.ts";
import { probeRoutes } from "./probes.ts";
import { detailedHealth, diagnostics, fleetPerformance, performance } from "./schemas.ts";

/** What diagnostics tell of an alert that fires. */
export interface FiringAlert {
  id: string;
  type: string;
  severity: string;
  message: string;
  /** ISO 8601. */
  fired_at: string;
}

/** What diagnostics tell of an instance that follows which changes are applied. */
export interface FollowingInstance {
  name: string;
  version: number;
  /** ISO 8601. */
  seen_at: string;
  /** Whether it follows the newest state. */
  following: boolean;
}

/** What answers for all instances. */
export interface FleetReader {
  readonly living: readonly Instance[];
  summary(window: PerformanceWindow): Promise<FleetSummary>;
  endpoints(window: PerformanceWindow): Promise<FleetEndpoint[]>;
}

export interface HealthRoutesOptions extends Service {
  /** Left out, nobody can be asked but this instance. */
  fleet?: FleetReader | undefined;
  /** The alerts that fire now. */
  firingAlerts: () => FiringAlert[];
  /** The instances that follow which changes are applied; left out, there are no changes. */
  followers?: (() => Promise<FollowingInstance[]>) | undefined;
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const noFleet = defineFailure({
  code: "EB_NO_FLEET",
  status: 404,
  detail: "This service does not record the metrics of all instances.",
  remedy: "Request each instance without scope=fleet, or pass the fleet option to the plugin.",
});

const scope = z
  .enum(["instance", "fleet"])
  .default("instance")
  .describe("fleet: all instances, by their minutes in the database.");

const windows = Object.keys(performanceWindows) as [PerformanceWindow, ...PerformanceWindow[]];

const followersWithinMs = 500;

/** Of the alerts that fire, so many at most are told, the latest. */
const mostFiring = 100;

/**
 * The routes about the service's own health. All answer from memory, as of the latest check or of now; but who asks
 * about the fleet waits for the database.
 */
export const healthRoutes: FastifyPluginAsyncZod<HealthRoutesOptions> = async (
  app,
  { fleet, firingAlerts, followers = async () => [], operatorOnly, ...service },
) => {
  const { monitoring } = service;
  const theFleet = () => {
    if (!fleet) throw noFleet();
    return fleet;
  };
  await app.register(probeRoutes, service);

  app.get(
    "/api/health/detailed",
    {
      config: { problems: [404] },
      logLevel: "error",
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary: "How is it, and why: database, process, and the requests of the last minute.",
        querystring: z.strictObject({ scope }),
        response: { 200: detailedHealth, 503: detailedHealth },
      },
    },
    async ({ query }, reply) => {
      const now = currentDetails(service);
      const requests = query.scope === "fleet" ? { performance: await theFleet().summary("1m") } : {};
      return reply.code(httpStatusOf(now.status)).send({ ...now, ...requests });
    },
  );

  app.get(
    "/api/health/diagnostics",
    {
      config: { problems: [404] },
      logLevel: "error",
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary: "All of it, and each endpoint's last minute, what fires, and what monitoring itself costs.",
        querystring: z.strictObject({ scope }),
        response: { 200: diagnostics, 503: diagnostics },
      },
    },
    async ({ query }, reply) => {
      const requests =
        query.scope === "fleet" ? await minuteOf(theFleet()) : { endpoints: await monitoring.endpoints() };
      const now = currentDetails(service);
      const firing = firingAlerts();
      const following = await within(followersWithinMs, followers()).catch(() => null);
      // The schema describes thousands of numbers: to check each of them again takes longer than all the rest.
      return reply
        .code(httpStatusOf(now.status))
        .type("application/json; charset=utf-8")
        .serializer(JSON.stringify)
        .send({
          ...now,
          ...requests,
          alerts: { active: firing.length, firing: firing.slice(-mostFiring).map(inShort) },
          followers: following,
          collections: monitoring.snapshot?.database.details?.collections ?? [],
          overhead: monitoring.overhead,
        });
    },
  );

  app.get(
    "/api/health/metrics",
    {
      config: { problems: [404] },
      logLevel: "error",
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

const inShort = ({ id, type, severity, message, fired_at }: FiringAlert): FiringAlert => ({
  id,
  type,
  severity,
  message,
  fired_at,
});
