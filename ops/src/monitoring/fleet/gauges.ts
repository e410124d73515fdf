import type { DatabaseHealth } from "../database/health-check.ts";
import type { SystemSample } from "../system/report.ts";

/** What the fleet keeps of a snapshot of the monitoring. */
export interface GaugeSnapshot {
  system: SystemSample;
  database: DatabaseHealth;
}

/** The gauges whose past is kept, and how those of several minutes or instances are combined. */
export const gaugeStatistics = {
  cpu_percent: "mean",
  memory_percent: "mean",
  memory_bytes: "mean",
  event_loop_p99_ms: "max",
  database_ping_ms: "max",
  database_connections: "max",
  pool_in_use: "max",
  pool_waiting: "max",
  lock_waits: "max",
  longest_lock_wait_seconds: "max",
  longest_transaction_seconds: "max",
  replica_lag_bytes: "max",
  replica_lag_seconds: "max",
  database_size_bytes: "max",
} as const satisfies Record<string, "mean" | "max">;
export type GaugeName = keyof typeof gaugeStatistics;

/** The gauges of a snapshot; those that could not be read are omitted, because an unknown number is not 0. */
export const gaugesOf = ({ system, database }: GaugeSnapshot): Partial<Record<GaugeName, number>> => {
  const { pool, details, response_time_ms } = database;
  const found = {
    ...system,
    database_ping_ms: response_time_ms,
    pool_in_use: pool.in_use,
    pool_waiting: pool.waiting,
    database_connections: details?.connections?.used,
    lock_waits: details?.lock_waits?.waiting,
    longest_lock_wait_seconds: details?.lock_waits?.longest_seconds,
    longest_transaction_seconds: details?.longest_transaction?.seconds,
    replica_lag_bytes: highest(details?.replicas?.map(({ lag_bytes }) => lag_bytes)),
    replica_lag_seconds: highest(details?.replicas?.map(({ lag_seconds }) => lag_seconds)),
    database_size_bytes: details?.size_bytes,
  } satisfies Record<GaugeName, number | null | undefined>;
  return Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === "number"));
};

const highest = (values: readonly (number | null)[] = []): number | undefined => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.max(...known) : undefined;
};
