import type { Snapshot } from "../service.ts";
import type { Family } from "./exporter.ts";
import { replicaFamilies } from "./replica-lag.ts";

/** What is known besides requests and the process itself. */
export interface Findings {
  /** The latest; undefined until there is one. */
  snapshot: Snapshot | undefined;
  version: string;
  /** How many alerts of each type fire; zeros included. */
  firing: Readonly<Record<string, number>>;
}

const gauge = (name: string, help: string, value: number | null | undefined): Family => ({
  name: `earlybird_${name}`,
  help,
  type: "gauge",
  samples: [{ value }],
});

/** The latest findings as metrics, in Prometheus' base units: seconds, bytes, ratios from 0 to 1. */
export const familiesOf = ({ snapshot, version, firing }: Findings): Family[] => [
  {
    name: "earlybird_build_info",
    help: "The version of the service.",
    type: "gauge",
    samples: [{ labels: { version }, value: 1 }],
  },
  {
    name: "earlybird_alert_firing",
    help: "How many alerts of this type fire.",
    type: "gauge",
    samples: Object.entries(firing).map(([type, value]) => ({ labels: { type }, value })),
  },
  ...databaseFamilies(snapshot?.database),
  ...systemFamilies(snapshot?.system),
];

const databaseFamilies = (database: Snapshot["database"] | undefined): Family[] => {
  if (!database) return [];
  const { status, response_time_ms, pool, details } = database;
  const tables = details?.collections ?? [];
  return [
    gauge("database_up", "Whether the database answers.", status === "unhealthy" ? 0 : 1),
    gauge("database_response_seconds", "How long the last ping took.", seconds(response_time_ms)),
    gauge("pool_size", "How many connections the pool may have.", pool.size),
    gauge("pool_in_use", "How many connections of the pool are lent out.", pool.in_use),
    gauge("pool_waiting", "How many requests wait for a connection of the pool.", pool.waiting),
    gauge("database_connections", "Connections to the server.", details?.connections?.used),
    gauge("database_connections_limit", "Connections that it allows.", details?.connections?.max),
    gauge(
      "database_longest_transaction_seconds",
      "How long the oldest transaction has been open.",
      details?.longest_transaction?.seconds,
    ),
    gauge("database_lock_waits", "How many wait for a lock.", details?.lock_waits?.waiting),
    gauge("database_size_bytes", "The size of the database.", details?.size_bytes),
    ...replicaFamilies(details?.replicas ?? []),
    {
      name: "earlybird_table_rows",
      help: "Rows of a table: counted for small ones, estimated for large ones.",
      type: "gauge",
      samples: tables.map(({ table, rows }) => ({ labels: { table }, value: rows })),
    },
    {
      name: "earlybird_table_size_bytes",
      help: "The size of a table with its indexes.",
      type: "gauge",
      samples: tables.map(({ table, bytes }) => ({ labels: { table }, value: bytes })),
    },
  ];
};

const systemFamilies = (system: Snapshot["system"] | undefined): Family[] =>
  system
    ? [
        gauge("cpu_ratio", "The share of the CPU limit in use.", system.cpu_percent / 100),
        gauge("memory_ratio", "The share of the memory limit in use.", system.memory_percent / 100),
        gauge(
          "event_loop_delay_p99_seconds",
          "How late 99 % of the timers were at most since the last check.",
          seconds(system.event_loop_p99_ms),
        ),
      ]
    : [];

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
