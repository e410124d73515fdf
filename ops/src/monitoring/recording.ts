import type { FastifyInstance } from "fastify";
import type { Clock } from "../lib/clock.ts";
import { clientWentAway } from "./endpoint.ts";
import type { PerformanceMetrics } from "./performance-metrics.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route answers with a stream that lasts as long as what it tells of. */
    streams?: boolean;
  }
}

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
    endpoint.enter();
    const record = () => {
      const status = response.writableEnded ? response.statusCode : clientWentAway;
      endpoint.leave();
      endpoint.record(status, clock.monotonicMs() - startedMs, reply.problemCode);
    };
    if (request.routeOptions.config.streams) {
      // How long somebody watches says nothing of how quick the service is; when it began to answer does.
      response.once("pipe", () => {
        response.off("close", record);
        endpoint.leave();
        endpoint.record(response.statusCode, clock.monotonicMs() - startedMs);
      });
    }
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    response.on("close", record);
    done();
  });
};
