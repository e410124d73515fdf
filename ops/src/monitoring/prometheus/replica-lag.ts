import type { Replica } from "../database/server-stats.ts";
import type { Family } from "./exporter.ts";

/** How far each replica of the database lies behind. */
export const replicaFamilies = (replicas: readonly Replica[]): Family[] => [
  {
    name: "earlybird_replica_lag_bytes",
    help: "How far a replica lies behind.",
    type: "gauge",
    samples: lags(replicas, ({ lag_bytes }) => lag_bytes),
  },
  {
    name: "earlybird_replica_lag_seconds",
    help: "How long a replica takes to apply what is written.",
    type: "gauge",
    samples: lags(replicas, ({ lag_seconds }) => lag_seconds),
  },
];

/**
 * Every standby calls itself `walreceiver` unless it is given a name, so it is known by its address and slot, too.
 * Prometheus would drop all but one of those that are alike even so: of them, the one that is furthest behind is told.
 */
const lags = (replicas: readonly Replica[], lagOf: (replica: Replica) => number | null) => {
  const worst = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();
  for (const replica of replicas) {
    const { application, address, slot } = replica;
    const labels = { application, address: address ?? "", slot: slot ?? "" };
    const name = JSON.stringify(labels);
    const value = lagOf(replica);
    if (value !== null && value > (worst.get(name)?.value ?? Number.NEGATIVE_INFINITY))
      worst.set(name, { labels, value });
  }
  return [...worst.values()];
};
