import type { ServerResponse } from "node:http";
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import onHeaders from "on-headers";
import { finalStatusOf, onResponseFinished } from "./on-response-finished.ts";
import { clientClosedRequest } from "./request-buffer.ts";
import type { PerformanceMetrics } from "./request-metrics.ts";
import type { RouteMetrics } from "./route-metrics.ts";

/** Caches the metrics of a route in Fastify's own copy of its configuration. */
const routeMetrics = Symbol("route metrics");

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the response lasts for as long as the client watches. It is recorded when it begins. */
    streams?: boolean;
    [routeMetrics]?: RouteMetrics;
  }
  interface FastifyInstance {
    /** Records a request that Fastify refused before any hook ran. */
    recordUnrouted?(method: string, status: number): void;
  }
}

export interface RecordingOptions {
  performance: PerformanceMetrics;
  /** Called for each request that gets a response of 400 or more, even if the client did not wait for it. */
  onRefused?: (request: FastifyRequest, reply: FastifyReply) => void;
}

/**
 * Records every request of an app under the template of its route. Call it before you add other hooks: a request that an
 * earlier hook refuses is not recorded.
 */
export const recordRequests = (app: FastifyInstance, options: RecordingOptions): void => {
  const { performance, onRefused } = options;
  const reportIfRefused = (request: FastifyRequest, reply: FastifyReply) => {
    if (reply.raw.statusCode >= 400) onRefused?.(request, reply);
  };
  app.decorate("recordUnrouted", (method: string, status: number) =>
    performance.endpoint(method).record(status, 0),
  );
  app.addHook("onRequest", (request, reply, done) => {
    const arrivedMs = performance.arrive();
    const { raw } = request;
    // For `onRefused`: after a connection has ended, Node knows its address only if it was read before.
    void raw.socket.remoteAddress;
    const { config } = request.routeOptions;
    const route = metricsOf(request.method, config, performance);
    route.enter();
    const finish = (status: number) => {
      const failed = status >= 400;
      route.finish(arrivedMs, status, failed ? reply.problemCode : undefined);
      if (status === clientClosedRequest) onHeaders(reply.raw, () => reportIfRefused(request, reply));
      else if (failed) reportIfRefused(request, reply);
    };
    let finished = () => {
      if (isUpgraded(raw) && !reply.raw.headersSent) route.leave();
      else finish(finalStatusOf(reply.raw));
    };
    if (config.streams) finished = onFirstOf(reply.raw, finish, finished);
    // Fastify's onResponse is not called if the client disconnects, and those are the slow requests.
    onResponseFinished(raw, reply.raw, finished);
    done();
  });
};

/** Looked up on the first request of a route; Fastify creates a `config` for each route. */
const metricsOf = (
  method: string,
  config: FastifyContextConfig & { url?: string },
  performance: PerformanceMetrics,
): RouteMetrics => {
  const { url, [routeMetrics]: known } = config;
  if (url === undefined) return performance.endpoint(method);
  // A route may have several methods.
  if (known?.method === method) return known;
  const found = performance.endpoint(method, url);
  config[routeMetrics] = found;
  return found;
};

/** Whether a WebSocket or the like has taken over the connection. Missing in Node's types. */
const isUpgraded = (request: object): boolean => "upgrade" in request && request.upgrade === true;

/**
 * Calls `begun` when the response begins; if it ends before that, the returned callback calls `finished`. The time until
 * a stream begins measures the service; how long the client watches does not.
 */
const onFirstOf = (
  response: ServerResponse,
  begun: (status: number) => void,
  finished: () => void,
): (() => void) => {
  let isDone = false;
  const once = (work: () => void) => {
    if (!isDone) work();
    isDone = true;
  };
  onHeaders(response, () => once(() => begun(response.statusCode)));
  return () => once(finished);
};
