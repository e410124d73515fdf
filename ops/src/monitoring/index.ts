// First: what is loaded next may fill the memory that is then collected.
import "./requests/nexttick-workaround.ts";

export { DeadlineExceeded, withTimeout } from "../core/with-timeout.ts";
export { DatabaseWithTables } from "../database/database-with-tables.ts";
export { closeMonitoringPool, createMonitoringPool, onConnection } from "../database/monitoring-pool.ts";
export {
  type DatabaseHealth,
  DatabaseHealthChecker,
  type HealthStatus,
  type PoolUse,
} from "./database/health-check.ts";
export type { DatabaseDetails } from "./database/server-stats.ts";
export type { Collection } from "./database/table-sizes.ts";
export {
  Fleet,
  type FleetCoverage,
  type FleetEndpoint,
  type FleetOptions,
  type FleetSummary,
  type HistoryPoint,
  type HistoryRequest,
  type HistoryRouteOptions,
  historyRoute,
  type Instance,
  type Resolution,
} from "./fleet/index.ts";
export { type MetricsRouteOptions, metricsRoute } from "./prometheus/index.ts";
export { recordRequests } from "./requests/fastify-recorder.ts";
export { type RouteOf, recordServer } from "./requests/http-recorder.ts";
export { type EndpointSummary, PerformanceMetrics } from "./requests/request-metrics.ts";
export {
  type PerformanceSummary,
  type PerformanceWindow,
  performanceWindows,
} from "./requests/summary.ts";
export { type HealthRoutesOptions, healthRoutes } from "./routes/health.ts";
export {
  type DatabaseProbe,
  type MonitoringOptions,
  MonitoringService,
  type Snapshot,
  type SystemProbe,
} from "./service.ts";
export type { Overhead } from "./system/overhead.ts";
export { SystemMetrics, type SystemReport, type SystemSample } from "./system/sampler.ts";
