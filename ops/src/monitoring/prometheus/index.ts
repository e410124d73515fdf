export { type MetricsRouteOptions, metricsRoute } from "../routes/metrics.ts";
