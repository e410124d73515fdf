import { type RawBuilder, sql } from "kysely";
import type { Part } from "../change/change.ts";
import { isRowOf, keyColumns, keyNames, keyText, primaryKeyOf } from "../database/primary-key.ts";
import { writtenSince } from "../database/write-journal.ts";
import { castsOf } from "./column-dependencies.ts";
import { refuseConflicts } from "./conflicts.ts";
import { inertPart } from "./inert-part.ts";

export interface OvertakenSpec {
  /** The tables whose writes can overtake a parked value. */
  journals: readonly string[];
  /** The overtaken rows, called `this`, given the rows of the tables `journals` written while the change was away. */
  rows: (...written: RawBuilder<unknown>[]) => RawBuilder<unknown>;
  /** What their columns become. */
  set: Record<string, RawBuilder<unknown>>;
}

/**
 * Rows that no longer fit what a re-apply brings back, because something they follow was written meanwhile. They
 * are corrected, and each displaced value is recorded with the operation. A re-apply that is to restore
 * what was parked leaves them alone.
 *
 * Parts settle in the order in which they are declared: before `columns` of the same table, a value that was written
 * directly wins over this correction.
 */
export const overtaken = (table: string, { journals, rows, set }: OvertakenSpec): Part => {
  const columns = Object.keys(set);
  const displaced = (column: string) => sql.id(`displaced_${column}`);
  const corrected = (column: string) => sql.id(`corrected_${column}`);
  const each = (make: (column: string) => RawBuilder<unknown>) => sql.join(columns.map(make), sql`, `);
  const image = (of: (column: string) => RawBuilder<unknown>) =>
    sql`json_build_object(${each((column) => sql`${column}::text, o.${of(column)}`)})`;

  return {
    ...inertPart,
    kind: "overtaken",
    describe: {
      rollback: `None: the other parts park or restore the values of \`${table}\`.`,
      reapply: `Corrects rows of \`${table}\` that no longer match rows written since the rollback, and lists the displaced values.`,
    },
    writes: [table],
    journals: [...new Set([table, ...journals])],
    async settle({ db, step, operation, direction, journalFrom, writtenMeanwhile, onConflict }) {
      if (direction === "rollback" || onConflict === "restore") return [];
      if (!journals.some((journalled) => writtenMeanwhile.has(journalled))) return [];
      const written: RawBuilder<unknown>[] = [];
      for (const journal of journals) written.push(await writtenSince(db, journal, journalFrom));
      const key = await primaryKeyOf(db, table);
      const typed = await castsOf(db, table);
      const result = await sql`
        with overtaken as materialized (
          select ${keyColumns(key, "this")}, ${each(
            (column) => sql`this.${sql.id(column)} as ${displaced(column)},
              ${typed(column, set[column] ?? sql`null`)} as ${corrected(column)}`,
          )}
          from ${sql.table(table)} as this where ${rows(...written)}
        ),
        recorded as (
          insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
          select ${operation}::bigint, ${step}, ${table}, ${keyText("o", keyNames(key))}, 'kept',
            ${image(corrected)}, ${image(displaced)}
          from overtaken o
        )
        update ${sql.table(table)} t set ${each((column) => sql`${sql.id(column)} = o.${corrected(column)}`)}
        from overtaken o where ${isRowOf(key, "t", "o")}`.execute(db);
      const count = Number(result.numAffectedRows ?? 0);
      refuseConflicts(onConflict, { step, table, count });
      return count > 0 ? [{ table, action: "kept", rows: count }] : [];
    },
  };
};
