import type { PerformanceMetrics } from "@earlybird-ops/platform/monitoring";
import { oldRoutes } from "./old-routes.ts";

/** The routes of step 28: new and old paths. */
const concerned = new Set(
  oldRoutes.flatMap(({ method, from, to }) => [`${method} ${from}`, `${method} ${to}`]),
);

let metrics: PerformanceMetrics | undefined;

/** Where {@link routeTraffic} reads from; called once when the server is built. */
export const countTrafficWith = (performance: PerformanceMetrics): void => {
  metrics = performance;
};

/**
 * The requests of the last hour by route, old and new paths of step 28, the busiest first: those that this process served;
 * none outside a server.
 */
export const routeTraffic = (): { route: string; requests: number }[] =>
  (metrics?.endpoints("1h") ?? [])
    .map(({ method, route, requests }) => ({ route: `${method} ${route}`, requests }))
    .filter(({ route }) => concerned.has(route))
    .sort((a, b) => b.requests - a.requests);
