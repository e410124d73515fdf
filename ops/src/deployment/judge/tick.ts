import { z } from "zod";

/** Roles in a release: `blue` is the version in production, `green` is the new one. */
export type Slot = "blue" | "green";

const count = z.number().int().nonnegative();

/** Counts of one slot in one tick, as `ClientCounter` takes them: a client with ten failed requests counts once. */
const slotCounts = z
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

/** Counts of about five seconds. A tick ends early when a weight changes, so that one tick has one weight. */
export const tickSchema = z.object({
  /** Increases with each tick, also after a restart of the counter or a change of the clock. */
  sequence: count,
  /** Milliseconds since the epoch. */
  from: z.number(),
  to: z.number(),
  /** Share of clients that were routed to green, in percent. */
  green_percent: z.number().min(0).max(100),
  blue: slotCounts,
  green: slotCounts,
});

export type Tick = z.infer<typeof tickSchema>;
export type SlotCounts = Tick["blue"];

export const latencyMetrics = ["p50", "p95", "p99"] as const;
export type LatencyMetric = (typeof latencyMetrics)[number];
