/** Of a one-sided 95 % bound. */
const z = 1.6448536269514722;

/**
 * The lower end of what a proportion may really be, with 95 % confidence: from 0 to 1. One failure in three
 * says little (0.08), twenty in twenty say much (0.88).
 *
 * Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of
 * the American Statistical Association 22 (1927), 209-212.
 *
 * @param total at least 1
 */
export const wilsonLowerBound = (hits: number, total: number): number => {
  const p = hits / total;
  const z2 = z * z;
  const centre = p + z2 / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p) + z2 / (4 * total)) / total);
  return Math.max(0, (centre - spread) / (1 + z2 / total));
};
