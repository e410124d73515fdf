import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import { currentHealth, httpStatusOf, notStarted, type Service } from "./current-health.ts";
import { health } from "./schemas.ts";

const notReady = defineFailure({
  code: "EB_NOT_READY",
  status: 503,
  detail: "The service is not ready: {reasons}.",
  remedy: "Try again in a second; the service recovers by itself when its database is back.",
});

/** Asked every few seconds by machines: no limit on how often, and no line in the log for a 503. */
const probe = { config: { rateLimit: false } as object, logLevel: "error" } as const;

/** What machines ask, without a login: alive, ready, healthy. All answer at once. */
export const probeRoutes: FastifyPluginAsyncZod<Service> = async (app, service) => {
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
      const { snapshot } = service.monitoring;
      if (!snapshot) throw notReady({ reasons: [notStarted].join("; ") });
      // Who asks needs no login: that the database is away may be known, which one and where may not.
      if (snapshot.status === "unhealthy")
        throw notReady({ reasons: ["the database does not answer"].join("; ") });
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
      const now = currentHealth(service);
      return reply.code(httpStatusOf(now.status)).send(now);
    },
  );
};
