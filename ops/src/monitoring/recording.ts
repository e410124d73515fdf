import type { FastifyInstance } from "fastify";
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
  { performance }: { performance: PerformanceMetrics },
): void => {
  app.addHook("onRequest", (request, reply, done) => {
    // Once: it is put together each time.
    const { url, config } = request.routeOptions;
    const endpoint = performance.endpoint(request.method, url);
    const enteredMs = endpoint.enter();
    const response = reply.raw;
    const finish = () => {
      const status = response.writableEnded ? response.statusCode : clientWentAway;
      endpoint.finish(enteredMs, status, reply.problemCode);
    };
    if (config.streams) {
      // How long somebody watches says nothing of how quick the service is; when it began to answer does.
      response.once("pipe", () => {
        response.off("close", finish);
        endpoint.finish(enteredMs, response.statusCode);
      });
    }
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    response.on("close", finish);
    done();
  });
};
