import { mergeDurations, type Slice, sumSlices } from "./interval.ts";
import { relativeErrorBound } from "./latency-histogram.ts";
import type { LastError } from "./route-metrics.ts";
import type { Series } from "./sliding-window.ts";

/** The windows that can be asked for, in seconds. */
export const performanceWindows = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600 } as const;
export type PerformanceWindow = keyof typeof performanceWindows;

/** What some slices of time held together; all numbers are zero when there was no request. */
export interface SliceSummary {
  window_seconds: number;
  requests: number;
  /** Answers of 400 and above (or of 500 and above), without 401, 404, and requests whose client went away. */
  errors: number;
  error_rate_percent: number;
  requests_per_second: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
  /**
   * How far p50, p95 and p99 can lie above the exact percentile of all `requests`, plus at most 1 µs; they never lie
   * below. See `relativeErrorBound`.
   */
  percentile_error_percent: number;
  /** Answers by class; those to clients that went away count as 4xx. */
  statuses: Record<StatusClass, number>;
}

/** What happened in a window, and what is known besides. */
export interface PerformanceSummary extends SliceSummary {
  /** Requests under way at this moment. */
  in_flight: number;
  /** Of the process's whole life. */
  last_error: LastError | null;
}

export type StatusClass = "1xx" | "2xx" | "3xx" | "4xx" | "5xx";

/**
 * What a window that ends at `nowMs` says.
 *
 * @param startedMs when the process began: nothing can be known of before
 */
export const summarise = (
  { series, inFlight, lastError }: { series: Series; inFlight: number; lastError: LastError | null },
  window: PerformanceWindow,
  nowMs: number,
  startedMs: number,
): PerformanceSummary => {
  const windowSeconds = performanceWindows[window];
  const { sinceMs, slices } = series.read(nowMs, windowSeconds);
  // A rate over the time there was to observe: a process that runs for ten seconds has not idled for fifty.
  const observedSeconds = Math.max(1, (nowMs - Math.max(sinceMs, startedMs)) / 1000);
  return {
    ...summariseSlices(slices, { windowSeconds, observedSeconds }),
    in_flight: inFlight,
    last_error: lastError,
  };
};

/**
 * The sums and percentiles of all slices together.
 *
 * @param over.windowSeconds the time that is spoken of
 * @param over.observedSeconds how much of it the slices could tell of: what the rate is over
 */
export const summariseSlices = (
  slices: readonly Slice[],
  { windowSeconds, observedSeconds }: { windowSeconds: number; observedSeconds: number },
): SliceSummary => {
  const { requests, errors, totalMs, maxMs, statuses } = sumSlices(slices);
  const percentiles = mergeDurations(slices).percentilesMs([50, 95, 99]);
  const [p50 = 0, p95 = 0, p99 = 0] = percentiles.map((ms) => rounded(Math.min(ms, maxMs)));
  const [s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0] = statuses;
  return {
    window_seconds: windowSeconds,
    requests,
    errors,
    error_rate_percent: rounded((100 * errors) / Math.max(requests, 1)),
    requests_per_second: rounded(requests / observedSeconds),
    mean_ms: rounded(totalMs / Math.max(requests, 1)),
    p50_ms: p50,
    p95_ms: p95,
    p99_ms: p99,
    max_ms: rounded(maxMs),
    percentile_error_percent: rounded(100 * relativeErrorBound),
    statuses: { "1xx": s1, "2xx": s2, "3xx": s3, "4xx": s4, "5xx": s5 },
  };
};

/** To a thousandth: microseconds, where the unit is milliseconds. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
