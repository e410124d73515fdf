import type { ServerResponse } from "node:http";
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import onHeaders from "on-headers";
import { finalStatusOf, whenOver } from "./on-response-finished.ts";
import { clientWentAway } from "./request-buffer.ts";
import type { PerformanceMetrics } from "./request-metrics.ts";
import type { Endpoint } from "./route-metrics.ts";

/** Where Fastify's own copy of a route's configuration keeps what its requests are recorded under. */
const recordedUnder = Symbol("recorded under");

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route answers for as long as what it tells of lasts: it is recorded when the answer begins. */
    streams?: boolean;
    [recordedUnder]?: Endpoint;
  }
  interface FastifyInstance {
    /** Records a request that Fastify has refused before any hook saw it. */
    recordUnrouted?(method: string, status: number): void;
  }
}

export interface RecordingOptions {
  performance: PerformanceMetrics;
  /** Called with each request that is answered with 400 or more, also when its client did not wait for that. */
  onRefused?: (request: FastifyRequest, reply: FastifyReply) => void;
}

/**
 * Records every request of an app, under its route's template.
 *
 * To be called before other hooks are added: what an earlier hook refuses is not seen.
 */
export const recordRequests = (app: FastifyInstance, options: RecordingOptions): void => {
  const { performance, onRefused } = options;
  const tellIfRefused = (request: FastifyRequest, reply: FastifyReply) => {
    if (reply.raw.statusCode >= 400) onRefused?.(request, reply);
  };
  app.decorate("recordUnrouted", (method: string, status: number) =>
    performance.endpoint(method).record(status, 0),
  );
  app.addHook("onRequest", (request, reply, done) => {
    const arrivedMs = performance.arrive();
    const { raw } = request;
    // For whoever is told of refusals: of a connection that has ended, Node knows the address only if asked before.
    void raw.socket.remoteAddress;
    const { config } = request.routeOptions;
    const endpoint = endpointOf(request.method, config, performance);
    endpoint.enter();
    const finish = (status: number) => {
      const failed = status >= 400;
      endpoint.finish(arrivedMs, status, failed ? reply.problemCode : undefined);
      if (status === clientWentAway) onHeaders(reply.raw, () => tellIfRefused(request, reply));
      else if (failed) tellIfRefused(request, reply);
    };
    let over = () => {
      if (isUpgraded(raw) && !reply.raw.headersSent) endpoint.leave();
      else finish(finalStatusOf(reply.raw));
    };
    if (config.streams) over = unlessBegun(reply.raw, finish, over);
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    whenOver(raw, reply.raw, over);
    done();
  });
};

/** What a request is recorded under: looked up by the first of a route, which Fastify makes a `config` of its own. */
const endpointOf = (
  method: string,
  config: FastifyContextConfig & { url?: string },
  performance: PerformanceMetrics,
): Endpoint => {
  const { url, [recordedUnder]: known } = config;
  if (url === undefined) return performance.endpoint(method);
  // A route may have several methods.
  if (known?.method === method) return known;
  const endpoint = performance.endpoint(method, url);
  config[recordedUnder] = endpoint;
  return endpoint;
};

/** Whether a WebSocket or the like has taken over the connection. Node knows, and its types do not. */
const isUpgraded = (request: object): boolean => "upgrade" in request && request.upgrade === true;

/**
 * Calls `begun` when an answer begins, unless it is over before that, and then `over`. How long somebody watches says
 * nothing of how quick the service is; when it began to answer does.
 */
const unlessBegun = (
  response: ServerResponse,
  begun: (status: number) => void,
  over: () => void,
): (() => void) => {
  let isDone = false;
  const once = (work: () => void) => {
    if (!isDone) work();
    isDone = true;
  };
  onHeaders(response, () => once(() => begun(response.statusCode)));
  return () => once(over);
};
