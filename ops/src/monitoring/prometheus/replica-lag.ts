import type { Replica } from "../database/server-stats.ts";
import type { Family } from "./exporter.ts";

/** The lag of each replica of the database. */
export const replicaFamilies = (replicas: readonly Replica[]): Family[] => [
  {
    name: "earlybird_replica_lag_bytes",
    help: "Lag of a replica.",
    type: "gauge",
    samples: lags(replicas, ({ lag_bytes }) => lag_bytes),
  },
  {
    name: "earlybird_replica_lag_seconds",
    help: "Time until a replica applies a write.",
    type: "gauge",
    samples: lags(replicas, ({ lag_seconds }) => lag_seconds),
  },
];

/**
 * The default name of every standby is `walreceiver`, so the labels include address and slot. Prometheus keeps one of
 * several samples with the same labels, so only the largest lag is reported.
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
