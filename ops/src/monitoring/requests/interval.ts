import { LatencyHistogram } from "./latency-histogram.ts";

/** What a stretch of time held; durations in milliseconds. */
export interface SliceSums {
  requests: number;
  errors: number;
  /** How many answers were 1xx, 2xx, 3xx, 4xx and 5xx. */
  statuses: readonly number[];
  totalMs: number;
  maxMs: number;
}

export interface Slice extends SliceSums {
  /** The durations, as `LatencyHistogram.compact` writes them. */
  counts: Uint8Array;
}

/** The sums of all slices; zeros without any. */
export const sumSlices = (slices: readonly SliceSums[]): SliceSums => {
  const statuses = [0, 0, 0, 0, 0];
  const sum = { requests: 0, errors: 0, statuses, totalMs: 0, maxMs: 0 };
  for (const slice of slices) {
    sum.requests += slice.requests;
    sum.errors += slice.errors;
    sum.totalMs += slice.totalMs;
    sum.maxMs = Math.max(sum.maxMs, slice.maxMs);
    for (let n = 0; n < statuses.length; n++) statuses[n] = (statuses[n] ?? 0) + (slice.statuses[n] ?? 0);
  }
  return sum;
};

/** The durations of all slices in one histogram, which is only valid until the next call. */
export const mergeDurations = (slices: readonly Slice[]): LatencyHistogram => {
  merged.clear();
  for (const { counts } of slices) merged.add(counts);
  return merged;
};

const merged = new LatencyHistogram();

/** One slice that says what all of them say together. */
export const mergeSlices = (slices: readonly Slice[]): Slice => ({
  ...sumSlices(slices),
  counts: mergeDurations(slices).compact(),
});
