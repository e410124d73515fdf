import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { PerformanceMetrics } from "./performance-metrics.ts";
import { clientWentAway } from "./traffic.ts";

/**
 * The template of the route that answered, as `/orders/:id`, never a raw URL; undefined when none matched. It is asked
 * when the answer is complete. With Express: `(request) => request.route && request.baseUrl + request.route.path`;
 * with `@koa/router`, where a middleware has put it on the request: `({ template }) => template`.
 */
export type RouteOf = (request: IncomingMessage, response: ServerResponse) => string | undefined;

/**
 * Records every request of an HTTP server, whatever answers them: Express, Koa, or a bare `node:http`. Returns how to
 * end that. A request under way counts in the sum of all only, for its route is known in the end. For Fastify there is
 * the plugin, which knows its routes.
 *
 * @param server TLS or not; another framework may have added its listener already
 * @param options.routeOf left out, all requests count under one name
 */
export const recordServer = (
  server: Pick<Server, "prependListener" | "off">,
  { performance }: { performance: PerformanceMetrics },
  { routeOf }: { routeOf?: RouteOf } = {},
): (() => void) => {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const arrivedMs = performance.arrive();
    response.on("close", () => {
      const status = response.writableEnded ? response.statusCode : clientWentAway;
      const endpoint = performance.endpoint(request.method ?? "GET", routeOf?.(request, response));
      endpoint.enter();
      endpoint.finish(arrivedMs, status);
    });
  };
  // First of all: the time of those who answer at once counts, too.
  server.prependListener("request", onRequest);
  return () => void server.off("request", onRequest);
};
