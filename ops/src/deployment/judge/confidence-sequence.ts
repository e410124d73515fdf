import { logBeta } from "./log-beta.ts";

/** Two-sided 95 %: 1 / 0.025. */
const logLimit = Math.log(40);
const iterations = 60;

/** Bounds of a proportion, each from 0 to 1. */
export interface Bounds {
  lower: number;
  upper: number;
}

/**
 * Bounds of a proportion of which `hits` of `total` were seen. They hold at all looks at once, so you may look after each
 * tick and stop at any time:
 *
 *     {p : B(x + 1/2, n - x + 1/2) / B(1/2, 1/2) * p^-x * (1 - p)^-(n - x) < 40}
 *
 * Source: Robbins' method of mixtures with a Beta(1/2, 1/2) mixture (H. Robbins, "Statistical Methods Related to the Law
 * of the Iterated Logarithm", Annals of Mathematical Statistics 41 (1970)); used for releases in arXiv 2205.14762.
 */
export const confidenceSequence = (hits: number, total: number): Bounds => {
  if (total === 0) return { lower: 0, upper: 1 };
  const misses = total - hits;
  const mixture = logBeta(hits + 0.5, misses + 0.5) - logBeta(0.5, 0.5) - logLimit;
  const isOutside = (p: number) => mixture - logTerm(hits, p) - logTerm(misses, 1 - p) >= 0;
  const estimate = hits / total;
  return {
    lower: hits === 0 ? 0 : boundary(estimate, 0, isOutside),
    upper: misses === 0 ? 1 : boundary(estimate, 1, isOutside),
  };
};

/** `n ln p`, which is 0 for n = 0 also where p is 0. */
const logTerm = (n: number, p: number): number => (n === 0 ? 0 : n * Math.log(p));

/** Bisects between a value inside and one outside; returns the outer side, which is the cautious one. */
const boundary = (inside: number, outside: number, isOutside: (p: number) => boolean): number => {
  let [inner, outer] = [inside, outside];
  for (let n = 0; n < iterations; n++) {
    const middle = (inner + outer) / 2;
    if (isOutside(middle)) outer = middle;
    else inner = middle;
  }
  return outer;
};
