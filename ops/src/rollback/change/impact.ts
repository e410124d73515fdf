import type { Change, Database, Direction, Impact, ImpactLine, RowCount } from "./change.ts";

/** Rows that the constant-time parts of a change would move, counted before anything is locked. */
export const countRows = async (db: Database, change: Change, direction: Direction): Promise<RowCount[]> => {
  const counts: RowCount[] = [];
  for (const part of change.parts) counts.push(...(await part.count(db, change.step, direction)));
  return counts;
};

/**
 * The impact of rolling a change back, computed from live data. A re-apply has none: its rows are parked, and a table that
 * the change created does not exist.
 */
export const impactOf = async (db: Database, change: Change, direction: Direction): Promise<ImpactLine[]> =>
  direction === "rollback" ? impactLines((await change.impact?.(db)) ?? []) : [];

/** Fills in what the lines of one step do not declare. Also completes the receipts of earlier versions. */
export const impactLines = (declared: readonly Impact[]): ImpactLine[] => {
  const isSummarized = declared.some(({ headline }) => headline);
  return declared.map(({ label, value, unit, group = null, key = label, headline = false }, at) => ({
    label,
    value,
    unit,
    group,
    key,
    headline: isSummarized ? headline : at === 0,
  }));
};

/** The warnings of the change about a move made in the transaction of `db`. */
export const reviewOf = async (db: Database, change: Change, direction: Direction): Promise<string[]> =>
  (await change.review?.(db, direction)) ?? [];
