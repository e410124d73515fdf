import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Database } from "./change.ts";

/** What a database holds, in a form that does not depend on the order of rows or columns. */
export interface Fingerprint {
  /** One hash of everything below. */
  hash: string;
  /** For each table of the service: its rows, and the sum of their 64-bit hashes. */
  tables: Record<string, { rows: number; hash: string }>;
  /** Columns, constraints and indexes. */
  schema: string;
  /** Steps that are applied. */
  applied: number[];
}

/**
 * Reads every row of the service's tables, the schemas of the system and of the engine excepted. Equal
 * fingerprints mean equal rows in equal columns under equal constraints; parked columns are part of it.
 */
export const fingerprint = async (db: Database): Promise<Fingerprint> => {
  const { rows: described } = await sql<{ name: string; columns: string[] }>`
    select c.oid::regclass::text as name, array_agg(quote_ident(a.attname) order by a.attname) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and not c.relispartition
      and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'earlybird')
      and c.relpersistence <> 't'
    group by c.oid order by name`.execute(db);
  const tables: Fingerprint["tables"] = {};
  for (const { name, columns } of described) {
    // The names come quoted from the catalog.
    const row = sql.join(columns.map((column) => sql.raw(column)));
    const { rows } = await sql<{ rows: number; hash: string }>`
      select count(*) as rows, coalesce(sum(hashtextextended(row(${row})::text, 0)), 0)::text as hash
      from ${sql.raw(name)}`.execute(db);
    tables[name] = { rows: Number(rows[0]?.rows), hash: rows[0]?.hash ?? "" };
  }
  const { rows: shape } = await sql<{ line: string }>`
    select concat_ws(' ', 'column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
      pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
      and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'earlybird') and c.relpersistence <> 't'
    union all
    select concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    from pg_constraint
    where conrelid <> 0 and connamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'earlybird')
    union all
    select concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid)
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast', 'earlybird')
    union all
    select concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
      and tgrelid not in (select oid from pg_class where relnamespace = 'earlybird'::regnamespace)
    order by line`.execute(db);
  const applied = await sql<{
    step: number;
  }>`select step from earlybird.steps where state = 'applied' order by step`.execute(db);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const seen = {
    tables,
    schema: sha256(shape.map(({ line }) => line).join("\n")),
    applied: applied.rows.map(({ step }) => step),
  };
  return { hash: sha256(JSON.stringify(seen)), ...seen };
};
