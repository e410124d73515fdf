import type { Snapshot } from "../snapshot.ts";
import type { Family } from "./exporter.ts";
import { ownGaugeFamilies } from "./own-gauges.ts";
import { replicaFamilies } from "./replica-lag.ts";

/** The values of all gauges that are not about requests or the process. */
export interface GaugeValues {
  /** The latest; undefined before the first check. */
  snapshot: Snapshot | undefined;
  version: string;
  /** Firing alerts of each type, zeros included. */
  firing: Readonly<Record<string, number>>;
  /** For each declared alert 1 while it fires, otherwise 0. */
  declared: Readonly<Record<string, number>>;
}

const gauge = (name: string, help: string, value: number | null | undefined): Family => ({
  name: `earlybird_${name}`,
  help,
  type: "gauge",
  samples: [{ value }],
});

/** Gauges in the base units of Prometheus: seconds, bytes, ratios from 0 to 1. */
export const gaugeFamilies = ({ snapshot, version, firing, declared }: GaugeValues): Family[] => [
  {
    name: "earlybird_build_info",
    help: "The version of the service.",
    type: "gauge",
    samples: [{ labels: { version }, value: 1 }],
  },
  {
    name: "earlybird_alert_firing",
    help: "Firing alerts of this type.",
    type: "gauge",
    samples: Object.entries(firing).map(([type, value]) => ({ labels: { type }, value })),
  },
  {
    name: "earlybird_declared_alert_firing",
    help: "Whether an alert that the service declares fires; it is also counted as CUSTOM.",
    type: "gauge",
    samples: Object.entries(declared).map(([key, value]) => ({ labels: { key }, value })),
  },
  ...databaseFamilies(snapshot?.database),
  ...systemFamilies(snapshot?.system),
  ...ownGaugeFamilies(snapshot?.gauges ?? []),
];

const databaseFamilies = (database: Snapshot["database"] | undefined): Family[] => {
  if (!database || database.status === "not_configured") return [];
  const { status, response_time_ms, pool, details } = database;
  const tables = details?.collections ?? [];
  return [
    gauge("database_up", "Whether the database responds.", status === "unhealthy" ? 0 : 1),
    gauge("database_response_seconds", "Duration of the last ping.", seconds(response_time_ms)),
    gauge("pool_size", "Maximum connections of the pool.", pool.size),
    gauge("pool_in_use", "Connections of the pool in use.", pool.in_use),
    gauge("pool_waiting", "Requests waiting for a connection of the pool.", pool.waiting),
    gauge("database_connections", "Connections to the server.", details?.connections?.used),
    gauge("database_connections_limit", "Maximum connections to the server.", details?.connections?.max),
    gauge(
      "database_longest_transaction_seconds",
      "Age of the oldest open transaction.",
      details?.longest_transaction?.seconds,
    ),
    gauge("database_lock_waits", "Sessions waiting for a lock.", details?.lock_waits?.waiting),
    gauge("database_size_bytes", "Size of the database.", details?.size_bytes),
    ...replicaFamilies(details?.replicas ?? []),
    {
      name: "earlybird_table_rows",
      help: "Rows of a table: counted if small, estimated if large.",
      type: "gauge",
      samples: tables.map(({ table, rows }) => ({ labels: { table }, value: rows })),
    },
    {
      name: "earlybird_table_size_bytes",
      help: "Size of a table with its indexes.",
      type: "gauge",
      samples: tables.map(({ table, bytes }) => ({ labels: { table }, value: bytes })),
    },
  ];
};

const systemFamilies = (system: Snapshot["system"] | undefined): Family[] =>
  system
    ? [
        gauge("cpu_ratio", "Share of the CPU limit in use.", system.cpu_percent / 100),
        gauge("memory_ratio", "Share of the memory limit in use.", system.memory_percent / 100),
        gauge(
          "event_loop_delay_p99_seconds",
          "99th percentile of the delay of timers since the last check.",
          seconds(system.event_loop_p99_ms),
        ),
      ]
    : [];

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
