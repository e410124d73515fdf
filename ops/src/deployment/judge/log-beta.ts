const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);
/** From here on, the series below is exact to double precision. */
const seriesFrom = 12;

/**
 * Natural logarithm of the gamma function for x > 0.
 *
 * Source: Stirling's series, Abramowitz and Stegun 6.1.41, after shifting x up by 6.1.15.
 */
const logGamma = (x: number): number => {
  let shift = 0;
  let y = x;
  for (; y < seriesFrom; y += 1) shift += Math.log(y);
  const y2 = y * y;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / y2) / y2) / y2) / y2) / y;
  return (y - 0.5) * Math.log(y) - y + halfLogTwoPi + series - shift;
};

/** Natural logarithm of the beta function, for a > 0 and b > 0. */
export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
