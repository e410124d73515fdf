import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { schemaLines } from "./fingerprint-schema.ts";

/** What a database holds, in a form that does not depend on the order of rows or columns. */
export interface Fingerprint {
  /** One hash of everything below. */
  hash: string;
  /** For each table of the service: its rows, and the sum of their 64-bit hashes. */
  tables: Record<string, { rows: number; hash: string }>;
  /** Everything but rows: see {@link schemaLines}. */
  schema: string;
  /** Steps that are applied. */
  applied: number[];
}

const rowsHidden = defineFailure({
  code: "EB_ROWS_HIDDEN",
  status: 409,
  exitStatus: 4,
  detail:
    "Row-level security hides rows of {tables} from the role of this connection; they cannot be compared.",
  remedy: 'Run "alter table {first} no force row level security", or grant the role bypassrls.',
});

/**
 * Reads every row of the service's tables, the schemas of the system and of the engine excepted. Equal fingerprints
 * mean equal rows and an equal schema; parked columns and tables are part of it. Large objects, the current values of
 * sequences, the contents of materialized views, and other owners' tables that the role may not read are not.
 *
 * @throws Failure EB_ROWS_HIDDEN
 */
export const fingerprint = async (db: Database): Promise<Fingerprint> => {
  const tables: Fingerprint["tables"] = {};
  for (const table of await describeTables(db)) tables[table.name] = await hashRows(db, table);
  const applied = await sql<{
    step: number;
  }>`select step from earlybird.steps where state = 'applied' order by step`.execute(db);
  const seen = {
    tables,
    schema: sha256((await schemaLines(db)).join("\n")),
    applied: applied.rows.map(({ step }) => step),
  };
  return { hash: sha256(JSON.stringify(seen)), ...seen };
};

/** The rows of a table, and the sum of their 64-bit hashes over these columns. */
export const hashRows = async (
  db: Database,
  { source, columns }: Pick<DescribedTable, "source" | "columns">,
): Promise<{ rows: number; hash: string }> => {
  const row = sql.join(columns.map(inRow));
  // The names come quoted from the catalog.
  const { rows } = await sql<{ rows: number; hash: string }>`
    select count(*) as rows, coalesce(sum(hashtextextended(row(${row})::text, 0)), 0)::text as hash
    from ${sql.raw(source)}`.execute(db);
  return { rows: Number(rows[0]?.rows), hash: rows[0]?.hash ?? "" };
};

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A table of the service, as it is hashed. */
export interface DescribedTable {
  name: string;
  /** What to select from: each row once, so inheritance children are tables of their own and partitions are not. */
  source: string;
  row_security: boolean;
  columns: DescribedColumn[];
}

export interface DescribedColumn {
  column: string;
  /** How the value enters the hash of its row. */
  as: "value" | "hash of bytes" | "hash of text";
}

/** @throws Failure EB_ROWS_HIDDEN */
export const describeTables = async (db: Database): Promise<DescribedTable[]> => {
  const { rows } = await sql<DescribedTable>`
    select c.oid::regclass::text as name, case c.relkind when 'r' then 'only ' else '' end || c.oid::regclass as source,
      row_security_active(c.oid) as row_security,
      json_agg(json_build_object('column', quote_ident(a.attname), 'as', case
        when t.typlen > 0 or coalesce(nullif(t.typbasetype, 0), t.oid) in ('numeric'::regtype, 'bpchar'::regtype) then 'value'
        when coalesce(nullif(t.typbasetype, 0), t.oid) = 'bytea'::regtype then 'hash of bytes'
        else 'hash of text' end) order by a.attname) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema', 'earlybird')
      and (pg_has_role(c.relowner, 'usage') or (has_table_privilege(c.oid, 'select') and not row_security_active(c.oid)))
    group by c.oid order by name`.execute(db);
  const hidden = rows.filter(({ row_security }) => row_security).map(({ name }) => name);
  if (hidden.length > 0) throw rowsHidden({ tables: hidden.join(", "), first: hidden[0] ?? "" });
  return rows;
};

/** A row's text ends at 1 GB, which one large value can fill: values of any length are hashed by themselves. */
const inRow = ({ column, as }: DescribedColumn): RawBuilder<unknown> => {
  if (as === "value") return sql.raw(column);
  if (as === "hash of bytes") return sql`hash_record_extended(row(${sql.raw(column)}), 0)`;
  // Byte for byte, whatever the column's collation holds equal.
  return sql`hashtextextended(${sql.raw(column)}::text collate "C", 0)`;
};
