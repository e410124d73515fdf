/** A measurement: time and value in any units. */
export type Point = readonly [time: number, value: number];

/**
 * The slope of a series that outliers do not move: the median of the slopes between all pairs of points (Theil 1950, Sen
 * 1968). With more than `most` points, evenly spaced ones are taken: pairs grow by the square.
 *
 * @returns value per unit of time; undefined for fewer than two different times
 */
export const theilSenSlope = (points: readonly Point[], most = 300): number | undefined => {
  const slopes = pairSlopes(points, most);
  const middle = slopes.length / 2;
  if (slopes.length === 0) return undefined;
  return slopes.length % 2 === 1
    ? slopes[Math.floor(middle)]
    : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
};

/** One-sided error of {@link leastSlope}: 0.0005. */
const z = 3.29;

/**
 * The lower confidence bound of the slope, with 99.95 % confidence for independent noise (Sen 1968, with the variance of
 * Kendall's rank correlation).
 *
 * @returns minus infinity if there are too few points to say
 */
export const leastSlope = (points: readonly Point[], most = 300): number => {
  const slopes = pairSlopes(points, most);
  const n = sampleOf(points, most).length;
  const deviation = z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return slopes[Math.floor((slopes.length - deviation) / 2)] ?? Number.NEGATIVE_INFINITY;
};

const sampleOf = (points: readonly Point[], most: number): Point[] => {
  const stride = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, at) => at % stride === 0);
};

const pairSlopes = (points: readonly Point[], most: number): number[] => {
  const sample = sampleOf(points, most);
  return sample
    .flatMap(([time, value], at) =>
      sample
        .slice(at + 1)
        .filter(([later]) => later !== time)
        .map(([later, other]) => (other - value) / (later - time)),
    )
    .sort((a, b) => a - b);
};
