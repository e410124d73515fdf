import { sql } from "kysely";
import { writtenSince } from "../journal.ts";
import { columnNames } from "./column-names.ts";
import type { ColumnSpec } from "./columns.ts";
import type { PartContext, RowCount } from "./part.ts";

/**
 * After the swap back, the twin may hold values that somebody wrote while the step was rolled back. They are
 * newer than the parked ones, so they win; what they displaced is recorded with the operation. A value that
 * no longer refers to anything cannot be put under its foreign key: it is recorded and left out.
 */
export const keepWrittenMeanwhile = async (
  { db, step, operation, journalFrom }: PartContext,
  { table, key, specs }: { table: string; key: string; specs: Record<string, ColumnSpec> },
): Promise<RowCount[]> => {
  const counts = { kept: 0, dangling: 0 };
  const written = await writtenSince(db, { table, key }, journalFrom);
  for (const [column, { references }] of Object.entries(specs)) {
    const visible = sql.id(column);
    const twin = sql.id(columnNames(step, column).empty);
    const { rows } = await sql<{ valid: boolean; rows: number }>`
      with written as (
        select t.${sql.id(key)} as key, t.${visible} as parked, t.${twin} as value, ${refersToSomething(references, twin)} as valid
        from ${sql.table(table)} t
        where t.${twin} is not null and t.${sql.id(key)} in ${written}
      ),
      recorded as (
        insert into earlybird.kept_values (operation_id, step, relation, key, kept, parked)
        select ${operation}::bigint, ${step}, ${table}, w.key::text,
          case when w.valid then jsonb_build_object(${column}::text, w.value) end, jsonb_build_object(${column}::text, w.parked)
        from written w where not w.valid or w.value is distinct from w.parked
      ),
      moved as (
        update ${sql.table(table)} t
        set ${visible} = case when w.valid then w.value else w.parked end, ${twin} = null
        from written w where t.${sql.id(key)} = w.key
        returning w.valid
      )
      select valid, count(*) as rows from moved group by valid`.execute(db);
    for (const { valid, rows: moved } of rows) counts[valid ? "kept" : "dangling"] += Number(moved);
  }
  return Object.entries(counts)
    .filter(([, rows]) => rows > 0)
    .map(([action, rows]) => ({ table, action, rows }));
};

const refersToSomething = (references: string | undefined, value: ReturnType<typeof sql.id>) => {
  if (!references) return sql`true`;
  const [table = "", column = "id"] = references.split(".");
  return sql`exists (select from ${sql.table(table)} r where r.${sql.id(column)} = t.${value})`;
};
