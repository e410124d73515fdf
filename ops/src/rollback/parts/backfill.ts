import { type RawBuilder, sql } from "kysely";
import type { Database, Part, RowCount } from "../change/change.ts";
import { isRowOf, keyColumns, keyValue, primaryKeyOf } from "../database/primary-key.ts";
import { writtenSince } from "../database/write-journal.ts";
import { inertPart } from "./inert-part.ts";

export interface BackfillSpec {
  /** A condition on a row, called `this`, that should carry a value. All rows when absent. */
  rows?: RawBuilder<unknown>;
  /** The value for the row `this`: a scalar; null where none, or more than one, would fit. */
  value: RawBuilder<unknown>;
  /**
   * When re-applying: the primary keys of the rows that may need a value, given the rows of the tables `journals`
   * that were written or deleted meanwhile (a subquery of their keys each, in the same order). Default: the table's own.
   */
  among?: {
    journals: readonly string[];
    keys: (...written: RawBuilder<unknown>[]) => RawBuilder<unknown>;
  };
}

/**
 * Fills a column where rows should carry a value and do not: all rows when the change is first applied, the
 * rows written meanwhile when it is re-applied. Rows for which no single value fits stay empty and are
 * reported as `unmatched`.
 */
export const backfill = (table: string, column: string, spec: BackfillSpec): Part => {
  const among = spec.among ?? { journals: [table], keys: (written: RawBuilder<unknown>) => written };

  const fill = async (db: Database, which: RawBuilder<unknown>): Promise<RowCount[]> => {
    const key = await primaryKeyOf(db, table);
    const { rows } = await sql<{ filled: number; unmatched: number }>`
      with candidate as materialized (
        select ${keyColumns(key, "this")}, ${spec.value} as value
        from ${sql.table(table)} as this
        where this.${sql.id(column)} is null and (${spec.rows ?? sql`true`}) and ${which}
      ),
      filled as (
        update ${sql.table(table)} t set ${sql.id(column)} = c.value
        from candidate c where ${isRowOf(key, "t", "c")} and c.value is not null
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
    describe: {
      rollback: `None: the values of \`${table}.${column}\` are parked with the column.`,
      reapply: `Fills \`${column}\` in rows of \`${table}\` written since the rollback. Rows without exactly one matching value stay empty and are counted as \`unmatched\`.`,
    },
    writes: [table],
    journals: [...new Set([table, ...among.journals])],
    fill: (inBatches) => inBatches(table, fill),
    async settle({ db, direction, journalFrom, writtenMeanwhile }) {
      if (direction === "rollback" || !among.journals.some((journalled) => writtenMeanwhile.has(journalled)))
        return [];
      const written: RawBuilder<unknown>[] = [];
      for (const journal of among.journals) written.push(await writtenSince(db, journal, journalFrom));
      const key = await primaryKeyOf(db, table);
      return fill(db, sql`${keyValue(key, "this")} in ${among.keys(...written)}`);
    },
  };
};
