import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { DatabaseProblem } from "../database/connection-shortage.ts";
import { currentHealth, httpStatusOf, notStarted, type Service } from "./report.ts";
import { health } from "./schemas.ts";

const notReady = defineFailure({
  code: "EB_NOT_READY",
  status: 503,
  detail: "The service is not ready: {reasons}.",
  remedy: "Try again in a second. The service is ready again as soon as it can use its database.",
});

const publicReasons: Record<DatabaseProblem, string> = {
  unreachable: "the database does not answer",
  pool_exhausted: "all connections to the database are in use",
  connection_limit: "the database accepts no further connections",
};

/** Polled every few seconds: no rate limit, and no log line for a 503. */
const probe = { config: { rateLimit: false } as object, logLevel: "error" } as const;

/** Probes without login: alive, ready, healthy. They respond from memory. */
export const probeRoutes: FastifyPluginAsyncZod<Service> = async (app, service) => {
  app.get(
    "/livez",
    {
      ...probe,
      schema: {
        tags: ["health"],
        summary: "Check that the process is up. Never accesses the database.",
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
        summary:
          "Check that the service is ready. 503 while the database is down, or the service gets no connection to it.",
        response: { 200: z.object({ status: z.literal("ready") }) },
      },
    },
    async () => {
      const { snapshot } = service.monitoring;
      if (!snapshot) throw notReady({ reasons: notStarted });
      const { database } = snapshot;
      // Without login, the response must not reveal which database is down and where it is.
      if (database.status === "unhealthy") throw notReady({ reasons: publicReasons[database.problem] });
      return { status: "ready" as const };
    },
  );

  app.get(
    "/api/health",
    {
      ...probe,
      schema: {
        tags: ["health"],
        summary: "Get the health status. 503 if unhealthy.",
        response: { 200: health, 503: health },
      },
    },
    async (_, reply) => {
      const now = currentHealth(service);
      return reply.code(httpStatusOf(now.status)).send(now);
    },
  );
};
