import { sql } from "kysely";
import type { PartContext, RowCount } from "../change/change.ts";
import { isRowOf, keyColumns, keyNames, keyText, keyValue, primaryKeyOf } from "../database/primary-key.ts";
import { writtenSince } from "../database/write-journal.ts";
import { columnNames } from "./column-names.ts";
import { type ColumnSpec, referenceOf } from "./column-spec.ts";
import { refuseConflicts } from "./conflicts.ts";
import { identityOf } from "./identity-columns.ts";

/**
 * After the swap back, the twin can hold values written while the step was rolled back. They are newer than the parked
 * ones, so they win unless the request says otherwise; the other values are recorded with the operation. A dangling
 * value cannot be restored under its foreign key.
 */
export const keepWrittenMeanwhile = async (
  { db, step, operation, journalFrom, onConflict }: PartContext,
  { table, specs }: { table: string; specs: Record<string, ColumnSpec> },
): Promise<RowCount[]> => {
  const counts = new Map<string, number>();
  const key = await primaryKeyOf(db, table);
  const meanwhile = await writtenSince(db, table, journalFrom);
  const identity = await identityOf(db, table, Object.keys(specs));
  for (const [column, { references }] of Object.entries(specs)) {
    const visible = sql.id(column);
    const twin = sql.id(columnNames(step, column).empty);
    const wins = onConflict === "restore" ? sql`t.${visible} is null` : sql`true`;
    const { rows } = await sql<{ outcome: string; rows: number }>`
      with written as (
        select ${keyColumns(key, "t")}, t.${visible} as parked, t.${twin} as value,
          case when not ${refersToSomething(references, twin)} then 'dangling'
            when ${wins} then 'kept' else 'restored' end as outcome
        from ${sql.table(table)} t
        where t.${twin} is not null and ${keyValue(key, "t")} in ${meanwhile}
      ),
      recorded as (
        insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
        select ${operation}::bigint, ${step}, ${table}, ${keyText("w", keyNames(key))}, w.outcome,
          json_build_object(${column}::text, w.value), json_build_object(${column}::text, w.parked)
        from written w where w.outcome = 'dangling'
          or ${identity(column, sql`w.value`)} is distinct from ${identity(column, sql`w.parked`)}
      ),
      moved as (
        update ${sql.table(table)} t
        set ${visible} = case w.outcome when 'kept' then w.value else w.parked end, ${twin} = null
        from written w where ${isRowOf(key, "t", "w")}
        returning w.outcome
      )
      select outcome, count(*) as rows from moved group by outcome`.execute(db);
    for (const { outcome, rows: moved } of rows)
      counts.set(outcome, (counts.get(outcome) ?? 0) + Number(moved));
  }
  const found = [...counts].map(([action, rows]) => ({ table, action, rows }));
  refuseConflicts(onConflict, { step, table, count: found.reduce((sum, { rows }) => sum + rows, 0) });
  return found;
};

const refersToSomething = (references: string | undefined, value: ReturnType<typeof sql.id>) => {
  if (!references) return sql`true`;
  const { table, column } = referenceOf(references);
  return sql`exists (select from ${sql.table(table)} r where r.${sql.id(column)} = t.${value})`;
};
