import type { HealthStatus } from "../database/health-check.ts";
import type { MonitoringService } from "../service.ts";

/** A service whose health is reported. */
export interface Service {
  monitoring: MonitoringService;
  version: string;
}

export const notStarted = "no check has finished yet";

/** The public part of the latest snapshot. */
export const currentHealth = ({ monitoring, version }: Service) => ({
  status: monitoring.snapshot?.status ?? ("unhealthy" as const),
  timestamp: monitoring.clock.now().toISOString(),
  uptime_seconds: monitoring.uptimeSeconds,
  version,
});

/** The latest snapshot for operators. */
export const currentDetails = ({ monitoring, version }: Service) => ({
  ...currentHealth({ monitoring, version }),
  reasons: monitoring.snapshot?.reasons ?? [notStarted],
  checked_at: monitoring.snapshot?.taken_at.toISOString() ?? null,
  database: currentDatabase(monitoring),
  system: monitoring.snapshot ? monitoring.systemReport : null,
  performance: monitoring.performance.summary("1m"),
  gauges: monitoring.gauges,
});

const currentDatabase = ({ snapshot }: MonitoringService) => {
  if (!snapshot) return null;
  const { database } = snapshot;
  const { status, response_time_ms, pool, details } = database;
  const problem = database.status === "unhealthy" ? database.problem : null;
  const now = { status, problem, response_time_ms, pool };
  if (!details) return { ...now, details: null };
  // Diagnostics report the tables separately.
  const { collections: _, ...others } = details;
  return { ...now, details: others };
};

export const httpStatusOf = (status: HealthStatus) => (status === "unhealthy" ? 503 : 200);
