import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";
import { oidOf } from "../database/table-names.ts";

/** Types whose equality means "the same value, bit for bit". */
const exact = new Set([
  "bool",
  "int2",
  "int4",
  "int8",
  "oid",
  "uuid",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "bytea",
]);

/**
 * How values of some columns are compared for being the same. Others than the exact types are compared as text: json,
 * xml and point have no equality at all, for jsonb and numeric 1 equals 1.0, and a collation may hold two texts equal.
 *
 * @returns a function that makes of a value of the column what is to be compared
 */
export const identityOf = async (
  db: Database,
  table: string,
  columns: readonly string[],
): Promise<(column: string, value: RawBuilder<unknown>) => RawBuilder<unknown>> => {
  const { rows } = await sql<{ name: string; type: string }>`
    select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = ${oidOf(table)} and a.attname = any(${columns}::text[]) and not a.attisdropped`.execute(
    db,
  );
  const byText = new Set(rows.filter(({ type }) => !exact.has(type)).map(({ name }) => name));
  return (column, value) => (byText.has(column) ? sql`(${value})::text collate "C"` : value);
};
