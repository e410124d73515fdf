import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { finalStatusOf, whenOver } from "./on-response-finished.ts";
import type { PerformanceMetrics } from "./request-metrics.ts";

/**
 * The template of the route that answered, as `/orders/:id`, never a raw URL; undefined when none matched. It is asked
 * when the answer is complete; if it throws, none did. With Express:
 * `(request) => request.route && (request.mount ?? request.baseUrl) + request.route.path`, where `mount` is what you put
 * on the request in front of a router that is mounted at a path with parameters: Express's `baseUrl` has their values.
 * With `@koa/router`, where a middleware has put it on the request: `({ template }) => template`.
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
    whenOver(request, response, () => {
      const endpoint = performance.endpoint(request.method ?? "GET", templateOf(request, response));
      endpoint.enter();
      endpoint.finish(arrivedMs, finalStatusOf(response));
    });
  };
  const templateOf: RouteOf = (request, response) => {
    try {
      return routeOf?.(request, response);
    } catch {
      // It was written with another request in mind: that is no reason to end the process.
      return undefined;
    }
  };
  // First of all: the time of those who answer at once counts, too.
  server.prependListener("request", onRequest);
  return () => void server.off("request", onRequest);
};
