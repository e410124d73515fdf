import { z } from "zod";

export const latencyMetrics = ["p50", "p95", "p99"] as const;
export type LatencyMetric = (typeof latencyMetrics)[number];

const count = z.number().int().nonnegative();

/** Counts of one slot in one tick, as `ClientCounter` takes them: a client with ten failed requests counts once. */
export const slotCountsSchema = z
  .object({
    requests: count,
    /** Distinct clients. */
    clients: count,
    /** Clients with a failed request that did not count in the hour before. */
    failed_clients: count,
    /** Clients with a request slower than the threshold that did not count in the five minutes before; null if unmeasured. */
    slow_clients: z.object({ p50: count, p95: count, p99: count }).nullable(),
  })
  .refine(
    ({ clients, failed_clients, slow_clients }) =>
      Math.max(failed_clients, ...Object.values(slow_clients ?? {})) <= clients,
    "more clients failed or were slow than there were",
  );

export type SlotCounts = z.infer<typeof slotCountsSchema>;
