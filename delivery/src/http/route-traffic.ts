import type { PerformanceMetrics } from "earlybird/monitoring";

let metrics: PerformanceMetrics | undefined;

/** Where {@link routeTraffic} reads from; called once when the server is built. */
export const countTrafficWith = (performance: PerformanceMetrics): void => {
  metrics = performance;
};

/** Requests of the last hour by route, as this process has served them; none outside of a server. */
export const routeTraffic = (): { route: string; requests: number }[] =>
  (metrics?.endpoints("1h") ?? []).map(({ method, route, requests }) => ({
    route: `${method} ${route}`,
    requests,
  }));
