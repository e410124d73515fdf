/**
 * Duration of each step in milliseconds with one million orders and deliveries on two cores: the last table of
 * `npm run bench -- rollback`.
 */
export const measuredMs: Readonly<Record<number, { rollback: number; reapply: number }>> = {
  19: { rollback: 6, reapply: 5 },
  20: { rollback: 7, reapply: 5 },
  21: { rollback: 10, reapply: 5 },
  22: { rollback: 10_410, reapply: 7_567 },
  23: { rollback: 9, reapply: 7 },
  24: { rollback: 3, reapply: 3 },
  25: { rollback: 6, reapply: 5 },
  26: { rollback: 7, reapply: 5 },
  27: { rollback: 4, reapply: 4 },
  28: { rollback: 6, reapply: 3 },
  29: { rollback: 37_130, reapply: 43_070 },
  30: { rollback: 59, reapply: 6_115 },
};
