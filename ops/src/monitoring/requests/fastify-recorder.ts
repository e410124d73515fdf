import type { Socket } from "node:net";
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
    /**
     * Whether to leave the requests out of rates, percentiles, the health status and the alert rules, as for probes. They
     * still count for their route, in reports and in `/metrics`.
     */
    excludeFromRates?: boolean;
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
  app.decorate("recordUnrouted", (method: string, status: number) =>
    performance.endpoint(method).record(status, 0),
  );
  app.addHook("onRequest", (request, reply, done) => {
    const arrivedMs = performance.arrive();
    const { raw } = request;
    keepAddress(raw.socket);
    const { config } = request.routeOptions;
    const route = metricsOf(request.method, config, performance);
    route.enter();
    const open: OpenRequest = { request, reply, route, arrivedMs, onRefused, isRecorded: false };
    if (config.streams) onHeaders(reply.raw, () => record(open, reply.raw.statusCode));
    // Fastify's onResponse is not called if the client disconnects, and those are the slow requests.
    onResponseFinished(raw, reply.raw, () => close(open));
    done();
  });
};

/** Marks the routes that a scope adds from now on with `excludeFromRates`, unless their `config` says otherwise. */
export const excludeFromRates = (scope: FastifyInstance): void => {
  scope.addHook("onRoute", (route) => {
    route.config = { excludeFromRates: true, ...route.config };
  });
};

/** A request from its arrival to the end of its response. One object and one closure: each of them costs time. */
interface OpenRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  route: RouteMetrics;
  arrivedMs: number;
  onRefused: RecordingOptions["onRefused"];
  /** A stream is recorded when it begins: how long the client watches does not measure the service. */
  isRecorded: boolean;
}

/** Called when the response is complete or the client has disconnected. */
const close = (open: OpenRequest): void => {
  if (open.isRecorded) return;
  const response = open.reply.raw;
  if (isUpgraded(open.request.raw) && !response.headersSent) open.route.leave();
  else record(open, finalStatusOf(response));
};

const record = (open: OpenRequest, status: number): void => {
  if (open.isRecorded) return;
  open.isRecorded = true;
  const { route, arrivedMs, reply } = open;
  const failed = status >= 400;
  route.finish(arrivedMs, status, failed ? reply.problemCode : undefined);
  if (status === clientClosedRequest) onHeaders(reply.raw, () => reportIfRefused(open));
  else if (failed) reportIfRefused(open);
};

const reportIfRefused = ({ request, reply, onRefused }: OpenRequest): void => {
  if (reply.raw.statusCode >= 400) onRefused?.(request, reply);
};

/** Looked up on the first request of a route; Fastify creates a `config` for each route. */
const metricsOf = (
  method: string,
  config: FastifyContextConfig & { url?: string },
  performance: PerformanceMetrics,
): RouteMetrics => {
  const { url, [routeMetrics]: known, excludeFromRates = false } = config;
  if (url === undefined) return performance.endpoint(method);
  // A route may have several methods.
  if (known?.method === method) return known;
  const found = performance.endpoint(method, url, excludeFromRates);
  config[routeMetrics] = found;
  return found;
};

/**
 * For `onRefused`: after a connection has ended, Node knows its address only if it was read before. Once per connection,
 * because reading it takes as long as half a look at the clock.
 */
const keepAddress = (socket: Socket & { [addressKept]?: boolean }): void => {
  if (socket[addressKept]) return;
  socket[addressKept] = true;
  void socket.remoteAddress;
};

const addressKept = Symbol("address kept");

/** Whether a WebSocket or the like has taken over the connection. Missing in Node's types. */
const isUpgraded = (request: object): boolean => "upgrade" in request && request.upgrade === true;
