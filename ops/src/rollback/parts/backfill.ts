import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change.ts";
import { type Journalled, writtenSince } from "../journal.ts";
import { inertPart, type Part, type RowCount } from "./part.ts";

export interface BackfillSpec {
  /** A condition on a row, called `this`, that should carry a value. All rows when absent. */
  rows?: RawBuilder<unknown>;
  /** The value for the row `this`: a scalar; null where none, or more than one, would fit. */
  value: RawBuilder<unknown>;
  /**
   * When re-applying: the keys of the rows that may need a value, given the rows of `journals` that were
   * written meanwhile (a subquery of their keys, in the same order). Default: the table's own.
   */
  among?: {
    journals: readonly Journalled[];
    keys: (...written: RawBuilder<unknown>[]) => RawBuilder<unknown>;
  };
  /** The primary key column of the table. */
  key?: string;
}

/**
 * Fills a column where rows should carry a value and do not: all rows when the change is first applied, the
 * rows written meanwhile when it is re-applied. Rows for which no single value fits stay empty and are
 * reported as `unmatched`.
 */
export const backfill = (table: string, column: string, spec: BackfillSpec): Part => {
  const key = spec.key ?? "id";
  const among = spec.among ?? { journals: [{ table, key }], keys: (written: RawBuilder<unknown>) => written };

  const fill = async (db: Database, which: RawBuilder<unknown>): Promise<RowCount[]> => {
    const { rows } = await sql<{ filled: number; unmatched: number }>`
      with candidate as materialized (
        select this.${sql.id(key)} as key, ${spec.value} as value
        from ${sql.table(table)} as this
        where this.${sql.id(column)} is null and (${spec.rows ?? sql`true`}) and ${which}
      ),
      filled as (
        update ${sql.table(table)} t set ${sql.id(column)} = c.value
        from candidate c where t.${sql.id(key)} = c.key and c.value is not null
        returning 1
      )
      select (select count(*) from filled) as filled,
             (select count(*) from candidate where value is null) as unmatched`.execute(db);
    const { filled = 0, unmatched = 0 } = rows[0] ?? {};
    return [
      { table, action: "filled", rows: Number(filled) },
      { table, action: "unmatched", rows: Number(unmatched) },
    ].filter((count) => count.rows > 0);
  };

  return {
    ...inertPart,
    kind: "backfill",
    says: {
      rollback: `Nothing of its own: what \`${table}.${column}\` holds is parked.`,
      reapply: `Rows of \`${table}\` written meanwhile get the \`${column}\` they should carry. Where no single value fits they stay empty, and are counted as \`unmatched\`.`,
    },
    journals: [{ table, key }, ...among.journals],
    async apply(db) {
      await fill(db, sql`true`);
    },
    async settle({ db, direction, journalFrom, writtenMeanwhile }) {
      if (direction === "rollback" || !among.journals.some(({ table }) => writtenMeanwhile.has(table)))
        return [];
      const written: RawBuilder<unknown>[] = [];
      for (const journal of among.journals) written.push(await writtenSince(db, journal, journalFrom));
      return fill(db, sql`this.${sql.id(key)} in ${among.keys(...written)}`);
    },
  };
};
