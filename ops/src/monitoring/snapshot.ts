import type { DatabaseHealth, HealthStatus } from "./database/health-check.ts";
import type { GaugeReading } from "./gauge.ts";
import type { EndpointSummary } from "./requests/request-metrics.ts";
import type { PerformanceSummary } from "./requests/summary.ts";
import type { SystemSample } from "./system/report.ts";

/** The result of a check at `taken_at`. Health routes read it and wait for nothing. */
export interface Snapshot {
  taken_at: Date;
  status: HealthStatus;
  /** One sentence for each problem; empty if the status is healthy. */
  reasons: string[];
  database: DatabaseHealth;
  system: SystemSample;
  /** The minute before `taken_at`: all requests but those of excluded endpoints, and each endpoint that had some. */
  performance: PerformanceSummary & { endpoints: EndpointSummary[] };
  /** The gauges of the service. */
  gauges: GaugeReading[];
}
