/** The delays between attempts. */
export interface Backoff {
  /** The pause after the first failure; each later one is twice as long. */
  firstMs: number;
  longestMs: number;
}

/**
 * The delay after a failed attempt in milliseconds: doubling up to a limit, minus up to half at random, so that many
 * processes do not retry in step.
 *
 * @param failures in a row; the first is 1
 * @param chance from 0 to 1
 */
export const backoffMs = (failures: number, { firstMs, longestMs }: Backoff, chance: number): number =>
  Math.round(Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (1 - chance / 2));
