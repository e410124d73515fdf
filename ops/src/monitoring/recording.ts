import type { FastifyInstance, FastifyReply } from "fastify";
import { clientWentAway, type Endpoint } from "./endpoint.ts";
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
    if (config.streams) recordStream(endpoint, reply);
    else recordAnswer(endpoint, reply);
    done();
  });
};

const recordAnswer = (endpoint: Endpoint, reply: FastifyReply): void => {
  const enteredMs = endpoint.enter();
  const response = reply.raw;
  // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
  response.on("close", () => endpoint.finish(enteredMs, statusOf(response), reply.problemCode));
};

/** How long somebody watches says nothing of how quick the service is; when it began to answer does. */
const recordStream = (endpoint: Endpoint, reply: FastifyReply): void => {
  const enteredMs = endpoint.enter();
  const response = reply.raw;
  const finish = () => endpoint.finish(enteredMs, statusOf(response), reply.problemCode);
  response.on("close", finish);
  response.once("pipe", () => {
    response.off("close", finish);
    endpoint.finish(enteredMs, response.statusCode);
  });
};

const statusOf = ({ writableEnded, statusCode }: FastifyReply["raw"]): number =>
  writableEnded ? statusCode : clientWentAway;
