import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, relativeErrorBound } from "../../core/latency-bucket.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

const durations = fc.array(fc.double({ min: 0, max: 1_000_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});
const oneMicrosecond = 0.001;

const histogramOf = (durationsMs: number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const durationMs of durationsMs) histogram.increment(bucketOf(durationMs));
  return histogram;
};

const exactPercentile = (durationsMs: number[], percent: number): number => {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1] ?? Number.NaN;
};

test("a percentile is never below the exact one, and above it by at most the error bound and a microsecond", () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(1, 25, 50, 90, 95, 99, 100), (durationsMs, percent) => {
      const exact = exactPercentile(durationsMs, percent);
      const measured = histogramOf(durationsMs).percentilesMs([percent])[0];
      expect(measured).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(measured).toBeLessThanOrEqual(exact * (1 + relativeErrorBound) + oneMicrosecond + 1e-9);
    }),
  );
});

test("merged compacted counts give the same percentiles, however the durations were split", () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const merged = new LatencyHistogram();
      merged.add(histogramOf(some).compact());
      merged.add(histogramOf(others).compact());
      expect(merged.compact()).toEqual(histogramOf([...some, ...others]).compact());
    }),
  );
});

test("large counts survive compaction", () => {
  const histogram = new LatencyHistogram();
  for (let i = 0; i < 300_000; i++) histogram.increment(bucketOf(5));
  histogram.increment(bucketOf(900_000));
  const copy = new LatencyHistogram();
  copy.add(histogram.compact());
  expect(copy.compact()).toEqual(histogram.compact());
  expect(copy.percentilesMs([99])[0]).toBeCloseTo(5, 1);
});

test("the percentiles of an empty histogram are zero", () => {
  expect(new LatencyHistogram().percentilesMs([50, 99])).toEqual([0, 0]);
});

test.each([Number.NaN, -1, 0])("a duration of %s counts as zero", (durationMs) => {
  expect(bucketOf(durationMs)).toBe(0);
});

test("a duration beyond the range counts as the longest one", () => {
  expect(histogramOf([Number.POSITIVE_INFINITY]).percentilesMs([50])[0]).toBeCloseTo(1_073_741.8, 0);
});
