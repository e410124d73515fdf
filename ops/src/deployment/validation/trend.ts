import { span } from "../preflight/words.ts";
import { leastSlope, type Point, theilSenSlope } from "./theil-sen.ts";

/** A measurement of a series. */
export interface Measured {
  at: Date;
  value: number;
}

export type Trend =
  /** There are too few measurements. */
  { trend: "unknown"; points: number } | ({ trend: "rising" | "unclear" | "steady" } & Growth);

/** The change of a series over its whole time, as a share of its median. */
export interface Growth {
  growth: number;
  /** The same at the pace of the second half of the time. */
  laterGrowth: number;
  median: number;
  /** From the first to the last measurement. */
  spanMs: number;
}

export interface TrendOptions {
  /** The growth over the whole time that is accepted, as a share of the median. */
  tolerance: number;
  /** Below so much growth over the whole time, in the unit of the series, nothing is rising. */
  leastGrowth?: number;
}

const fewestPoints = 5;
const mostPoints = 60;

/**
 * Whether a series rises: more than tolerated, with 99.95 % confidence, and still in the second half of the time. What has
 * warmed up is steady. Noise is reduced to the medians of at most 60 intervals first. Pure.
 */
export const trendOf = (series: readonly Measured[], { tolerance, leastGrowth = 0 }: TrendOptions): Trend => {
  const points = medians(series);
  const [first, last] = [points[0], points.at(-1)];
  const slope = theilSenSlope(points);
  if (points.length < fewestPoints || !first || !last || slope === undefined)
    return { trend: "unknown", points: points.length };
  const spanMs = last[0] - first[0];
  const later = theilSenSlope(points.slice(Math.floor(points.length / 2))) ?? 0;
  const median = middleOf(points.map(([, value]) => value));
  const share = (change: number) => (median === 0 ? 0 : change / median);
  const found = { growth: share(slope * spanMs), laterGrowth: share(later * spanMs), median, spanMs };
  const limit = Math.max(tolerance * median, leastGrowth);
  if (Math.min(slope, later) * spanMs <= limit) return { trend: "steady", ...found };
  return { trend: leastSlope(points) * spanMs > limit ? "rising" : "unclear", ...found };
};

/** The growth in words: `3 % in 72 h, 1 % at the pace of the second half`. */
export const growthText = ({ growth, laterGrowth, spanMs }: Growth): string =>
  `${percent(growth)} in ${span(spanMs)}, ${percent(laterGrowth)} at the pace of the second half`;

// Adding 0 makes 0 of -0.
const percent = (share: number): string => `${Math.round(share * 100) + 0} %`;

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
