import { type RawBuilder, sql } from "kysely";

/** Where tables of rolled back changes are. */
export const parkingSchema = "earlybird_parked";

/** A declared table name as SQL text: `Orders` becomes `"Orders"`, `app.orders` becomes `"app"."orders"`. */
export const quotedTable = (table: string): string =>
  table
    .split(".")
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");

/** The table's oid in the catalog, null where there is none. Unlike in a bare `::regclass`, upper case stays. */
export const oidOf = (table: string): RawBuilder<unknown> => sql`to_regclass(${quotedTable(table)})`;

/** The same for several tables, as a subquery of one column; tables that do not exist are left out. */
export const oidsOf = (tables: readonly string[]): RawBuilder<unknown> => sql`(
  select to_regclass(name) from unnest(${tables.map(quotedTable)}::text[]) name where to_regclass(name) is not null)`;

/** The tables and every partition below them, as a subquery of one column. */
export const oidsWithPartitionsOf = (tables: readonly string[]): RawBuilder<unknown> => sql`(
  select root from ${oidsOf(tables)} as roots (root)
  union select below.relid from ${oidsOf(tables)} as roots (root) cross join lateral pg_partition_tree(root) below)`;

const longestNameBytes = 63;

/** A name as PostgreSQL would cut it: at 63 bytes, between two characters. */
export const cutToLimit = (name: string): string => {
  let cut = name;
  while (Buffer.byteLength(cut) > longestNameBytes) cut = [...cut].slice(0, -1).join("");
  return cut;
};

/** The inverse for an oid: the name as declarations write it, with its schema only where the search path needs it. */
export const declaredName = (oid: RawBuilder<unknown>): RawBuilder<string> => sql<string>`(
  select concat(case when not pg_table_is_visible(named.oid) then home.nspname || '.' end, named.relname)
  from pg_class named join pg_namespace home on home.oid = named.relnamespace where named.oid = ${oid})`;
