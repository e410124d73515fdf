import { sql } from "kysely";
import { refuseConflicts } from "../conflicts.ts";
import { writtenSince } from "../journal.ts";
import { columnNames } from "./column-names.ts";
import type { ColumnSpec } from "./columns.ts";
import type { PartContext, RowCount } from "./part.ts";

/**
 * After the swap back, the twin may hold values that somebody wrote while the step was rolled back. They are
 * newer than the parked ones, so they win unless the request says otherwise; what loses is recorded with the
 * operation. A value that no longer refers to anything cannot be put under its foreign key.
 */
export const keepWrittenMeanwhile = async (
  { db, step, operation, journalFrom, onConflict }: PartContext,
  { table, key, specs }: { table: string; key: string; specs: Record<string, ColumnSpec> },
): Promise<RowCount[]> => {
  const counts = new Map<string, number>();
  const meanwhile = await writtenSince(db, { table, key }, journalFrom);
  for (const [column, { references }] of Object.entries(specs)) {
    const visible = sql.id(column);
    const twin = sql.id(columnNames(step, column).empty);
    const wins = onConflict === "restore" ? sql`t.${visible} is null` : sql`true`;
    const { rows } = await sql<{ outcome: string; rows: number }>`
      with written as (
        select t.${sql.id(key)} as key, t.${visible} as parked, t.${twin} as value,
          case when not ${refersToSomething(references, twin)} then 'dangling'
            when ${wins} then 'kept' else 'restored' end as outcome
        from ${sql.table(table)} t
        where t.${twin} is not null and t.${sql.id(key)} in ${meanwhile}
      ),
      recorded as (
        insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
        select ${operation}::bigint, ${step}, ${table}, w.key::text, w.outcome,
          jsonb_build_object(${column}::text, w.value), jsonb_build_object(${column}::text, w.parked)
        from written w where w.outcome = 'dangling' or w.value is distinct from w.parked
      ),
      moved as (
        update ${sql.table(table)} t
        set ${visible} = case w.outcome when 'kept' then w.value else w.parked end, ${twin} = null
        from written w where t.${sql.id(key)} = w.key
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
  const [table = "", column = "id"] = references.split(".");
  return sql`exists (select from ${sql.table(table)} r where r.${sql.id(column)} = t.${value})`;
};
