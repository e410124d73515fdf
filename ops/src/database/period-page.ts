import { type RawBuilder, sql } from "kysely";

/** A page of what began in a period, newest first. Entries of the same time are ordered by id. */
export interface PeriodPage {
  from: Date;
  to: Date;
  limit: number;
  /** Only entries before this place in the order. */
  before?: { at: Date; id: string } | undefined;
}

/** The end of a statement that reads such a page, after `where`. */
export const periodPage = (
  { from, to, limit, before }: PeriodPage,
  at: RawBuilder<unknown>,
  id: RawBuilder<unknown>,
): RawBuilder<unknown> => {
  // Compared by bytes: the collation of a database may differ from the order in which pages are merged.
  const place = sql`(${at}, ${id}::text collate "C")`;
  const isBefore = before ? sql`${place} < (${before.at}::timestamptz, ${before.id}::text)` : sql`true`;
  return sql`${at} between ${from}::timestamptz and ${to}::timestamptz and ${isBefore}
    order by ${at} desc, ${id}::text collate "C" desc limit ${limit}`;
};

/** Whether an entry in memory belongs to the page, or to one after it. */
export const isWithin = ({ from, to, before }: PeriodPage, at: string, id: string): boolean => {
  const beganMs = Date.parse(at);
  if (beganMs < from.getTime() || beganMs > to.getTime()) return false;
  if (before === undefined || beganMs < before.at.getTime()) return true;
  return beganMs === before.at.getTime() && id < before.id;
};
