export {
  type DatabaseHealth,
  DatabaseHealthChecker,
  type HealthStatus,
  type PoolUse,
} from "./database-health-checker.ts";
export {
  type DatabaseProbe,
  type MonitoringOptions,
  MonitoringService,
  type Snapshot,
  type SystemProbe,
} from "./monitoring-service.ts";
export {
  type EndpointSummary,
  PerformanceMetrics,
  type PerformanceSummary,
  type PerformanceWindow,
  performanceWindows,
} from "./performance-metrics.ts";
export { recordRequests } from "./recording.ts";
export { type HealthRoutesOptions, healthRoutes } from "./routes.ts";
export { SystemMetrics, type SystemSample } from "./system-metrics.ts";
