// First: what is loaded next may fill the memory that is then collected.
import "./quick-ticks.ts";

export type { Collection } from "./database-collections.ts";
export { closeMonitoringPool, createMonitoringPool, onConnection } from "./database-connection.ts";
export type { DatabaseDetails } from "./database-details.ts";
export {
  type DatabaseHealth,
  DatabaseHealthChecker,
  type HealthStatus,
  type PoolUse,
} from "./database-health-checker.ts";
export { DatabaseWithTables } from "./database-with-tables.ts";
export { DeadlineExceeded, within } from "./deadline.ts";
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
export {
  type DatabaseProbe,
  type MonitoringOptions,
  MonitoringService,
  type Snapshot,
  type SystemProbe,
} from "./monitoring-service.ts";
export { type RouteOf, recordServer } from "./node-http.ts";
export type { Overhead } from "./overhead.ts";
export { type EndpointSummary, PerformanceMetrics } from "./performance-metrics.ts";
export {
  type PerformanceSummary,
  type PerformanceWindow,
  performanceWindows,
} from "./performance-summary.ts";
export { type MetricsRouteOptions, metricsRoute } from "./prometheus/index.ts";
export { recordRequests } from "./recording.ts";
export { type HealthRoutesOptions, healthRoutes } from "./routes/index.ts";
export { SystemMetrics, type SystemReport, type SystemSample } from "./system-metrics.ts";
