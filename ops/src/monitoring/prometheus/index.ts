export { type MetricsRouteOptions, metricsRoute } from "./routes.ts";
