import { leastSlope, type Point, theilSenSlope } from "./theil-sen.ts";

/** A measurement of a series. */
export interface Measured {
  at: Date;
  value: number;
}

export type Trend =
  /** There are too few measurements. */
  | { trend: "unknown"; points: number }
  /** `growth` is the change over the time, as a share of the median; `spanMs` the time between first and last. */
  | { trend: "rising" | "unclear" | "steady"; growth: number; from: number; spanMs: number };

export interface TrendOptions {
  /** The growth over the whole time that is accepted, as a share of the median. */
  tolerance: number;
  /** Below so much growth over the whole time, in the unit of the series, nothing is rising. */
  leastGrowth?: number;
}

const fewestPoints = 5;
const mostPoints = 60;

/**
 * Whether a series rises: more than tolerated, with 99.95 % confidence, and still in the second half of the time. What
 * only warms up does not. Noise is reduced to the medians of at most 60 intervals first. Pure.
 */
export const trendOf = (series: readonly Measured[], { tolerance, leastGrowth = 0 }: TrendOptions): Trend => {
  const points = medians(series);
  const [first, last] = [points[0], points.at(-1)];
  const slope = theilSenSlope(points);
  if (points.length < fewestPoints || !first || !last || slope === undefined)
    return { trend: "unknown", points: points.length };
  const spanMs = last[0] - first[0];
  const level = middleOf(points.map(([, value]) => value));
  const limit = Math.max(tolerance * level, leastGrowth);
  const growth = level === 0 ? 0 : (slope * spanMs) / level;
  const found = { growth, from: level, spanMs };
  if (slope * spanMs <= limit) return { trend: "steady", ...found };
  const later = theilSenSlope(points.slice(Math.floor(points.length / 2))) ?? 0;
  const isSure = leastSlope(points) * spanMs > limit && later > slope / 2;
  return { trend: isSure ? "rising" : "unclear", ...found };
};

const medians = (series: readonly Measured[]): Point[] => {
  const sorted = series.map(({ at, value }): Point => [at.getTime(), value]).sort(([a], [b]) => a - b);
  const size = Math.max(1, Math.ceil(sorted.length / mostPoints));
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, at): Point => {
    const part = sorted.slice(at * size, (at + 1) * size);
    return [middleOf(part.map(([time]) => time)), middleOf(part.map(([, value]) => value))];
  });
};

const middleOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
