import { type RawBuilder, sql } from "kysely";

/** Filters ledger entries; all by default. */
export interface LedgerFilter {
  /** Those that concern this step. */
  step?: number | undefined;
  /** A part of the name or id of the operator, in upper or lower case. */
  operator?: string | undefined;
  /** An action, including those refused or failed: `rollback` also finds `rollback.refused`. */
  action?: string | undefined;
}

/*
 * An entry is the JSON text that its hash covers, with the fields in this order. It is matched as text: a cast would fail on
 * an entry that somebody has edited, and the ledger must stay readable then.
 */
const action = sql`substring(entry from '^\\{"at":"[^"]*","action":"([^"]*)"')`;
const steps = sql`substring(entry from '^[^\\[]*"steps":\\[([0-9,]*)\\]')`;
const operator = sql`substring(entry from '^[^\\[]*"steps":\\[[0-9,]*\\],"operator":"((?:[^"\\\\]|\\\\.)*)"')`;

/** The condition that the column `entry` matches a filter. */
export const matchesFilter = (filter: LedgerFilter): RawBuilder<unknown> => {
  const conditions = [sql`true`];
  if (filter.action !== undefined)
    conditions.push(sql`(${action} = ${filter.action} or starts_with(${action}, ${`${filter.action}.`}))`);
  if (filter.step !== undefined)
    conditions.push(sql`${String(filter.step)} = any(string_to_array(${steps}, ','))`);
  if (filter.operator !== undefined) {
    // As JSON escapes it in the entry.
    const part = JSON.stringify(filter.operator).slice(1, -1);
    conditions.push(sql`strpos(lower(${operator}), lower(${part})) > 0`);
  }
  return sql.join(conditions, sql` and `);
};
