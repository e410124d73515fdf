import type { IncomingMessage, Server, ServerResponse } from "node:http";
import onHeaders from "on-headers";
import { expressRouteOf } from "./express-route.ts";
import { finalStatusOf, onResponseFinished } from "./on-response-finished.ts";
import { clientClosedRequest } from "./request-buffer.ts";
import { type PerformanceMetrics, unmatchedRoute } from "./request-metrics.ts";

/**
 * Returns the template of the route that handled a request, as `/orders/:id`, never a raw URL; undefined if none matched.
 * Called when the response is complete; an exception counts as no match.
 */
export type RouteOf = (request: IncomingMessage, response: ServerResponse) => string | undefined;

export interface RecorderOptions {
  /** By default, the route of Express, with the paths at which its routers are mounted. */
  routeOf?: RouteOf;
  /** Templates of routes whose requests count only for themselves, such as probes: not in rates and alert rules. */
  excludeFromRates?: readonly string[];
  /**
   * Called for each request that gets a response of 400 or more, even if the client did not wait for it, with the method
   * and the template.
   */
  onRefused?: (request: IncomingMessage, response: ServerResponse, route: string) => void;
  /** The same for all other requests. */
  onAccepted?: (request: IncomingMessage, response: ServerResponse, route: string) => void;
}

/** Records a request, once however often it is called. */
export type Recorder = (request: IncomingMessage, response: ServerResponse) => void;

const recorded = new WeakSet<IncomingMessage>();
const recordedByPlugin = new WeakSet<IncomingMessage>();

/** Leaves a request to the plugin, which records it under its own route. */
export const leaveToPlugin = (request: IncomingMessage): void => void recordedByPlugin.add(request);

/** Current requests count only in the total, because their route is known at the end. */
export const createRecorder = (
  { performance }: { performance: PerformanceMetrics },
  { routeOf = expressRouteOf, excludeFromRates = [], onRefused, onAccepted }: RecorderOptions = {},
): Recorder => {
  const excluded = new Set(excludeFromRates);
  const templateOf: RouteOf = (request, response) => {
    try {
      return routeOf(request, response);
    } catch {
      // An error in the user's function must not end the process.
      return undefined;
    }
  };
  const finish = (request: IncomingMessage, response: ServerResponse, arrivedMs: number): void => {
    const { method = "GET" } = request;
    const template = recordedByPlugin.has(request) ? undefined : templateOf(request, response);
    const isExcluded = template !== undefined && excluded.has(template);
    const route = performance.endpoint(method, template, isExcluded);
    route.enter();
    if (recordedByPlugin.has(request)) {
      route.leave();
      return;
    }
    const status = finalStatusOf(response);
    route.finish(arrivedMs, status);
    const report = () => {
      const listener = response.statusCode >= 400 ? onRefused : onAccepted;
      listener?.(request, response, `${method} ${template ?? unmatchedRoute}`);
    };
    if (status === clientClosedRequest) onHeaders(response, report);
    else report();
  };
  return (request, response) => {
    if (recorded.has(request)) return;
    recorded.add(request);
    const arrivedMs = performance.arrive();
    // For `onRefused`: after a connection has ended, Node knows its address only if it was read before.
    void request.socket.remoteAddress;
    onResponseFinished(request, response, () => finish(request, response, arrivedMs));
  };
};

/**
 * Records every request of an HTTP server, with any framework: Express, Koa, or plain `node:http`. Returns a function
 * that stops recording. For Fastify, use the plugin, which knows its routes.
 *
 * @param server TLS or not; a framework may already have added its listener
 */
export const recordServer = (
  server: Pick<Server, "prependListener" | "off">,
  monitoring: { performance: PerformanceMetrics },
  options: RecorderOptions = {},
): (() => void) => {
  const record = createRecorder(monitoring, options);
  // Before all other listeners, to include the time of those that respond synchronously.
  server.prependListener("request", record);
  return () => void server.off("request", record);
};
