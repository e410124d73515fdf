import type { Diagnostics } from "../api/queries.ts";
import { duration, type Format } from "../format.ts";
import type { Fact } from "../ui/fact-table.tsx";

/** The process that answered. */
export const processFacts = ({ system, overhead, version }: Diagnostics, format: Format): Fact[] => {
  if (!system) return [];
  return [
    { name: "CPU", value: format.percent(system.cpu_percent), note: `of ${system.limits.cpus} CPUs` },
    {
      name: "Memory",
      value: format.bytes(system.memory_bytes),
      note: `${format.percent(system.memory_percent)} of ${format.bytes(system.limits.memory_bytes)}`,
    },
    {
      name: "Event loop",
      value: format.percent(system.event_loop_utilization_percent),
      note: `longest delay ${format.ms(system.event_loop_max_ms)}`,
      isWarning: system.event_loop_utilization_percent > 90,
    },
    {
      name: "Garbage collection",
      value: format.percent(system.gc_percent),
      note: `longest ${format.ms(system.gc_longest_ms)}`,
    },
    { name: "Running for", value: duration(system.uptime_seconds * 1_000), note: version },
    {
      name: "Cost of monitoring",
      value: overhead ? format.percent(overhead.cpu_percent) : "unknown",
      note: overhead ? format.bytes(overhead.memory_bytes) : "",
    },
  ];
};

type Database = NonNullable<Diagnostics["database"]>;

/** The database as this instance sees it; none without a database. */
export const databaseFacts = (database: Diagnostics["database"], format: Format): Fact[] => {
  if (!database || database.status === "not_configured") return [];
  const { response_time_ms: ping, status, pool, details } = database;
  const waits = details?.lock_waits;
  const transaction = details?.longest_transaction;
  return [
    {
      name: "Answers in",
      value: ping === null ? "no answer" : format.ms(ping),
      note: status,
      isWarning: status !== "healthy",
    },
    {
      name: "Pool",
      value: `${pool.in_use} of ${pool.size}`,
      note: `${pool.waiting} waiting`,
      isWarning: pool.waiting > 0,
    },
    {
      name: "Connections of the server",
      value: details?.connections ? `${details.connections.used} of ${details.connections.max}` : "unknown",
    },
    {
      name: "Longest transaction",
      value: transaction ? duration(transaction.seconds * 1_000) : "unknown",
      note: transaction?.application ?? "",
    },
    {
      name: "Waiting for locks",
      value: waits ? format.number(waits.waiting) : "unknown",
      note: waits && waits.waiting > 0 ? `longest ${duration(waits.longest_seconds * 1_000)}` : "",
      isWarning: (waits?.waiting ?? 0) > 0,
    },
    { name: "Size", value: details?.size_bytes == null ? "unknown" : format.bytes(details.size_bytes) },
    ...replicaFacts(details?.replicas ?? [], format),
  ];
};

type Replica = NonNullable<NonNullable<Database["details"]>["replicas"]>[number];

const replicaFacts = (replicas: readonly Replica[], format: Format): Fact[] =>
  replicas.map(({ application, address, slot, state, lag_seconds, lag_bytes }, index) => ({
    name: `Replica ${slot ?? address ?? application} (${index + 1})`,
    value: state,
    note: lag_seconds !== null ? `${format.number(lag_seconds)} s behind` : lagOf(lag_bytes, format),
    isWarning: state !== "streaming",
  }));

const lagOf = (bytes: number | null, format: Format): string =>
  bytes === null ? "lag unknown" : `${format.bytes(bytes)} behind`;
