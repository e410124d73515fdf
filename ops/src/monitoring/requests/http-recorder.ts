import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { finalStatusOf, onResponseFinished } from "./on-response-finished.ts";
import type { PerformanceMetrics } from "./request-metrics.ts";

/**
 * Returns the template of the route that handled a request, as `/orders/:id`, never a raw URL; undefined if none matched.
 * Called when the response is complete; an exception counts as no match. With Express:
 * `(request) => request.route && (request.mount ?? request.baseUrl) + request.route.path`. Set `mount` on the request
 * before a router whose mount path has parameters: Express's `baseUrl` contains their values. With `@koa/router`, if a
 * middleware sets it on the request: `({ template }) => template`.
 */
export type RouteOf = (request: IncomingMessage, response: ServerResponse) => string | undefined;

/**
 * Records every request of an HTTP server, with any framework: Express, Koa, or plain `node:http`. Returns a function
 * that stops recording. Current requests count only in the total, because their route is known at the end. For Fastify,
 * use the plugin, which knows its routes.
 *
 * @param options.excludeFromRates templates of routes whose requests count only for themselves, such as probes: not in rates
 *   and alert rules
 * @param server TLS or not; a framework may already have added its listener
 * @param options.routeOf if omitted, all requests share one route name
 */
export const recordServer = (
  server: Pick<Server, "prependListener" | "off">,
  { performance }: { performance: PerformanceMetrics },
  { routeOf, excludeFromRates = [] }: { routeOf?: RouteOf; excludeFromRates?: readonly string[] } = {},
): (() => void) => {
  const excluded = new Set(excludeFromRates);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const arrivedMs = performance.arrive();
    onResponseFinished(request, response, () => {
      const template = templateOf(request, response);
      const isExcluded = template !== undefined && excluded.has(template);
      const route = performance.endpoint(request.method ?? "GET", template, isExcluded);
      route.enter();
      route.finish(arrivedMs, finalStatusOf(response));
    });
  };
  const templateOf: RouteOf = (request, response) => {
    try {
      return routeOf?.(request, response);
    } catch {
      // An error in the user's function must not end the process.
      return undefined;
    }
  };
  // Before all other listeners, to include the time of those that respond synchronously.
  server.prependListener("request", onRequest);
  return () => void server.off("request", onRequest);
};
