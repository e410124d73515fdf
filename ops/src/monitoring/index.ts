// First, because later modules may trigger a garbage collection.
import "./requests/nexttick-workaround.ts";

export { DeadlineExceeded, withTimeout } from "../core/with-timeout.ts";
export { DatabaseWithTables } from "../database/database-with-tables.ts";
export { closeMonitoringPool, createMonitoringPool, onConnection } from "../database/monitoring-pool.ts";
export type { PoolUse } from "./database/connection-shortage.ts";
export {
  type DatabaseHealth,
  DatabaseHealthChecker,
  type HealthStatus,
} from "./database/health-check.ts";
export type { DatabaseDetails } from "./database/server-stats.ts";
export type { Collection } from "./database/table-sizes.ts";
export type { ErrorCount } from "./fleet/error-counts.ts";
export { Fleet, type FleetOptions } from "./fleet/fleet.ts";
export type { FleetCoverage, FleetEndpoint, FleetSummary } from "./fleet/fleet-summary.ts";
export { type HistoryPoint, type HistoryRequest, type Resolution, readHistory } from "./fleet/history.ts";
export type { Instance } from "./fleet/instances.ts";
export { SliceMeter } from "./fleet/slice-meter.ts";
export type { InstanceStart } from "./fleet/starts.ts";
export { type GaugeDeclaration, type GaugeOptions, type GaugeReading, gauge } from "./gauge.ts";
export type { DatabaseProbe, SystemProbe } from "./health-checks.ts";
export { type CountedRequests, type NamedCounts, ObjectiveCounts } from "./objective-counts.ts";
export { gaugeMetric } from "./prometheus/own-gauges.ts";
export { expressRouteOf } from "./requests/express-route.ts";
export { excludeFromRates, recordRequests } from "./requests/fastify-recorder.ts";
export {
  createRecorder,
  leaveToPlugin,
  type Recorder,
  type RecorderOptions,
  type RouteOf,
  recordServer,
} from "./requests/http-recorder.ts";
export { type EndpointSummary, PerformanceMetrics } from "./requests/request-metrics.ts";
export {
  type IntervalSummary,
  type PerformanceSummary,
  type PerformanceWindow,
  performanceWindows,
} from "./requests/summary.ts";
export { failedRequestOf } from "./routes/failed-request.ts";
export { fleetRoutes } from "./routes/fleet.ts";
export { type HealthRoutesOptions, healthRoutes } from "./routes/health.ts";
export { type MetricsRouteOptions, metricsRoute } from "./routes/metrics.ts";
export { currentDetails } from "./routes/report.ts";
export { type MonitoringOptions, MonitoringService } from "./service.ts";
export type { Snapshot } from "./snapshot.ts";
export type { Overhead } from "./system/overhead.ts";
export type { SystemReport, SystemSample } from "./system/report.ts";
export { SystemMetrics } from "./system/sampler.ts";
