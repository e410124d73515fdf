import type { FastifyInstance } from "fastify";
import type { Clock } from "../lib/clock.ts";
import { clientWentAway } from "./endpoint.ts";
import type { PerformanceMetrics } from "./performance-metrics.ts";

/**
 * Records every request of an app, under its route's template.
 *
 * To be called before other hooks are added: what an earlier hook refuses is not seen.
 */
export const recordRequests = (
  app: FastifyInstance,
  { performance, clock }: { performance: PerformanceMetrics; clock: Clock },
): void => {
  app.addHook("onRequest", (request, reply, done) => {
    const endpoint = performance.endpoint(request.method, request.routeOptions.url);
    const startedMs = clock.monotonicMs();
    const response = reply.raw;
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    response.on("close", () => {
      const status = response.writableEnded ? response.statusCode : clientWentAway;
      endpoint.record(status, clock.monotonicMs() - startedMs);
    });
    done();
  });
};
