/** A measurement: time and value in any units. */
export type Point = readonly [time: number, value: number];

/**
 * The slope of a series that outliers do not move: the median of the slopes between all pairs of points (Theil 1950, Sen
 * 1968). With more than `most` points, evenly spaced ones are taken: pairs grow by the square.
 *
 * @returns value per unit of time; undefined for fewer than two different times
 */
export const theilSenSlope = (points: readonly Point[], most = 300): number | undefined => {
  const stride = Math.max(1, Math.ceil(points.length / most));
  const sample = points.filter((_, at) => at % stride === 0);
  const slopes = sample
    .flatMap(([time, value], at) =>
      sample
        .slice(at + 1)
        .filter(([later]) => later !== time)
        .map(([later, other]) => (other - value) / (later - time)),
    )
    .sort((a, b) => a - b);
  const middle = slopes.length / 2;
  if (slopes.length === 0) return undefined;
  return slopes.length % 2 === 1
    ? slopes[Math.floor(middle)]
    : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
};
