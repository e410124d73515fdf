import { LatencyHistogram } from "./latency-histogram.ts";

/** Requests of a period of time; durations in milliseconds. */
export interface IntervalSums {
  requests: number;
  errors: number;
  /** Responses with 1xx, 2xx, 3xx, 4xx and 5xx. */
  statuses: readonly number[];
  totalMs: number;
  maxMs: number;
}

export interface Interval extends IntervalSums {
  /** The durations, encoded by `LatencyHistogram.compact`. */
  counts: Uint8Array;
}

/** Sums of all intervals; zeros without any. */
export const sumIntervals = (intervals: readonly IntervalSums[]): IntervalSums => {
  const statuses = [0, 0, 0, 0, 0];
  const sum = { requests: 0, errors: 0, statuses, totalMs: 0, maxMs: 0 };
  for (const interval of intervals) {
    sum.requests += interval.requests;
    sum.errors += interval.errors;
    sum.totalMs += interval.totalMs;
    sum.maxMs = Math.max(sum.maxMs, interval.maxMs);
    for (let n = 0; n < statuses.length; n++) statuses[n] = (statuses[n] ?? 0) + (interval.statuses[n] ?? 0);
  }
  return sum;
};

/** The durations of all intervals in one histogram, which is valid until the next call. */
export const mergeDurations = (intervals: readonly Interval[]): LatencyHistogram => {
  merged.clear();
  for (const { counts } of intervals) merged.add(counts);
  return merged;
};

const merged = new LatencyHistogram();

/** All intervals as one. */
export const mergeIntervals = (intervals: readonly Interval[]): Interval => ({
  ...sumIntervals(intervals),
  counts: mergeDurations(intervals).compact(),
});
