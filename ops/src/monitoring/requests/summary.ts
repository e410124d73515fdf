import { z } from "zod";
import { relativeErrorBound } from "../../core/latency-bucket.ts";
import { type Interval, mergeDurations, sumIntervals } from "./interval.ts";
import type { SlidingWindow } from "./sliding-window.ts";

/** The supported windows, in seconds. */
export const performanceWindows = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600 } as const;
export type PerformanceWindow = keyof typeof performanceWindows;

/** The requests of a period of time. All numbers are zero without requests. */
export const intervalSummary = z.object({
  window_seconds: z.int(),
  requests: z.int(),
  errors: z
    .int()
    .describe("Responses of 400 and above (or of 500 and above), except 401, 404 and client disconnects."),
  error_rate_percent: z.number(),
  requests_per_second: z.number(),
  mean_ms: z.number(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
  max_ms: z.number(),
  percentile_error_percent: z
    .number()
    .describe(
      "Upper bound of how far a percentile of up to 17.9 minutes lies above the exact value, plus at most 1 µs. It never lies below.",
    ),
  statuses: z
    .object({ "1xx": z.int(), "2xx": z.int(), "3xx": z.int(), "4xx": z.int(), "5xx": z.int() })
    .describe("Responses by status class. Client disconnects count as 4xx."),
});
export type IntervalSummary = z.infer<typeof intervalSummary>;

const lastError = z.object({
  at: z.iso.datetime(),
  status: z.int(),
  method: z.string(),
  route: z.string(),
  code: z.string().nullable().describe("The error code of the response; null if it had none."),
});
export type LastError = z.infer<typeof lastError>;

/** The requests of a window on one instance. */
export const performanceSummary = intervalSummary.extend({
  in_flight: z.int().describe("Current requests, excluded ones as well."),
  last_error: lastError.nullable().describe("The last failed request since the process started."),
});
export type PerformanceSummary = z.infer<typeof performanceSummary>;

/**
 * Summary of a window that ends at `nowMs`.
 *
 * @param startedMs the start of the process: nothing was observed before
 */
export const summarise = (
  { recent, inFlight, lastError }: { recent: SlidingWindow; inFlight: number; lastError: LastError | null },
  window: PerformanceWindow,
  nowMs: number,
  startedMs: number,
): PerformanceSummary => {
  const windowSeconds = performanceWindows[window];
  const { sinceMs, intervals } = recent.read(nowMs, windowSeconds);
  // The rate is over the observed time: a process that has run for ten seconds was not idle for fifty.
  const observedSeconds = Math.max(1, (nowMs - Math.max(sinceMs, startedMs)) / 1000);
  return {
    ...summariseIntervals(intervals, { windowSeconds, observedSeconds }),
    in_flight: inFlight,
    last_error: lastError,
  };
};

/**
 * Sums and percentiles of all intervals together.
 *
 * @param over.windowSeconds the length of the window
 * @param over.observedSeconds the part of it that the intervals cover, for the rate
 */
export const summariseIntervals = (
  intervals: readonly Interval[],
  { windowSeconds, observedSeconds }: { windowSeconds: number; observedSeconds: number },
): IntervalSummary => {
  const { requests, errors, totalMs, maxMs, statuses } = sumIntervals(intervals);
  const percentiles = mergeDurations(intervals).percentilesMs([50, 95, 99]);
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
