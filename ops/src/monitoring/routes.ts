import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Failure } from "../lib/failure.ts";
import type { MonitoringService } from "./monitoring-service.ts";
import { type PerformanceWindow, performanceWindows } from "./performance-metrics.ts";

export interface HealthRoutesOptions {
  monitoring: MonitoringService;
  /** Of the service, as it tells the world. */
  version: string;
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

const status = z.enum(["healthy", "degraded", "unhealthy"]);

const health = z.object({
  status,
  timestamp: z.iso.datetime(),
  uptime_seconds: z.number().nonnegative(),
  version: z.string(),
});

const performance = z.object({
  window_seconds: z.int(),
  requests: z.int(),
  errors: z.int(),
  error_rate_percent: z.number(),
  requests_per_second: z.number(),
  mean_ms: z.number(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
  max_ms: z.number(),
});

const detailedHealth = health.extend({
  reasons: z.array(z.string()),
  checked_at: z.iso.datetime().nullable(),
  database: z
    .object({
      status,
      response_time_ms: z.number().nullable(),
      pool: z.object({ size: z.int(), in_use: z.int(), waiting: z.int() }),
    })
    .nullable(),
  system: z
    .object({
      cpu_percent: z.number(),
      memory_bytes: z.int(),
      memory_percent: z.number(),
      event_loop_p99_ms: z.number(),
    })
    .nullable(),
  performance,
});

const windows = Object.keys(performanceWindows) as [PerformanceWindow, ...PerformanceWindow[]];

/** Asked every few seconds by machines: no limit on how often, and no line in the log for a 503. */
const probe = { config: { rateLimit: false } as object, logLevel: "error" } as const;

const notStarted = "no check has finished yet";

/** The routes about the service's own health. All answer from the latest snapshot and wait for nothing. */
export const healthRoutes: FastifyPluginAsyncZod<HealthRoutesOptions> = async (
  app,
  { monitoring, version, operatorOnly },
) => {
  const currentHealth = () => ({
    status: monitoring.snapshot?.status ?? ("unhealthy" as const),
    timestamp: monitoring.clock.now().toISOString(),
    uptime_seconds: monitoring.uptimeSeconds,
    version,
  });
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
      const now = currentHealth();
      const { snapshot } = monitoring;
      return reply.code(httpStatusOf(now.status)).send({
        ...now,
        reasons: snapshot?.reasons ?? [notStarted],
        checked_at: snapshot?.taken_at.toISOString() ?? null,
        database: snapshot?.database ?? null,
        system: snapshot?.system ?? null,
        performance: monitoring.performance.summary("1m"),
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
        querystring: z.strictObject({ window: z.enum(windows).default("1m") }),
        response: { 200: performance },
      },
    },
    async ({ query }) => monitoring.performance.summary(query.window),
  );
};
