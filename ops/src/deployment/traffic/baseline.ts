import { z } from "zod";
import type { LatencyMetric } from "./counts.ts";

export const baselineSchema = z.object({
  requests: z.number(),
  /** Distinct clients of each tick, added up. */
  clients: z.number(),
  failed_clients: z.number(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
});
/** What the version in production did in the hour before a release. */
export type Baseline = z.infer<typeof baselineSchema>;

/** Latencies in milliseconds above which a request is slow; null if there is no baseline. */
export type SlowThresholds = Readonly<Record<LatencyMetric, number>> | null;

/** 1.2 times the latencies of the hour before. */
export const slowThresholds = (baseline: Baseline | null): SlowThresholds =>
  baseline && { p50: baseline.p50_ms * 1.2, p95: baseline.p95_ms * 1.2, p99: baseline.p99_ms * 1.2 };
