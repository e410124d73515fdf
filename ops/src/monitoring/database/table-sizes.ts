import { type Kysely, sql } from "kysely";
import { z } from "zod";

export const collection = z.object({
  table: z.string(),
  rows: z.number().nullable().describe("Null if there is no estimate."),
  estimate: z
    .boolean()
    .describe("Whether `rows` comes from the statistics of the database instead of a count."),
  bytes: z.number().describe("Size on disk, with indexes."),
});
export type Collection = z.infer<typeof collection>;

/** A table before it is counted. */
export interface Listed {
  schema: string;
  name: string;
  /** Name with its schema, unless that is `public`. */
  table: string;
  /** As of the last vacuum or analyze; -1 before the first. */
  analysed_rows: number;
  /** Inserted minus deleted rows, by the statistics. */
  live_rows: number;
  /** Without indexes. */
  heap_bytes: number;
  bytes: number;
  readable: boolean;
}

const mostTables = 200;
const countedUpToRows = 10_000;
const countedUpToBytes = 4 * 2 ** 20;
const countedInAllBytes = 32 * 2 ** 20;

/**
 * Tables cheap enough to count every 30 seconds: small ones, up to a total size. The size on disk counts as well, because
 * a table may have grown since it was last analyzed.
 */
export const worthCounting = (tables: readonly Listed[]): Listed[] => {
  const small = tables
    .filter(({ readable }) => readable)
    .filter(
      ({ analysed_rows, heap_bytes }) => analysed_rows < countedUpToRows && heap_bytes <= countedUpToBytes,
    )
    .sort((one, other) => one.heap_bytes - other.heap_bytes);
  let sum = 0;
  return small.filter(({ heap_bytes }) => {
    sum += heap_bytes;
    return sum <= countedInAllBytes;
  });
};

/** The largest tables of the database, largest first. Rows of small tables are counted, others estimated. */
export const readCollections = async (tx: Kysely<unknown>): Promise<Collection[]> => {
  const { rows: tables } = await sql<Listed>`
    select n.nspname as schema, c.relname as name, 
      case n.nspname when 'public' then '' else quote_ident(n.nspname) || '.' end || quote_ident(c.relname) as table,
      c.reltuples::double precision as analysed_rows,
      coalesce(pg_stat_get_live_tuples(c.oid), 0)::double precision as live_rows,
      coalesce(pg_relation_size(c.oid), 0)::double precision as heap_bytes,
      coalesce(pg_total_relation_size(c.oid), 0)::double precision as bytes,
      -- A row security policy may hide rows from a count.
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') and c.relispopulated
        and not row_security_active(c.oid) as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.relpersistence <> 't'
      and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    order by bytes desc, c.oid limit ${mostTables}`.execute(tx);
  const counted = await countRows(tx, worthCounting(tables));
  return tables.map(({ table, analysed_rows, live_rows, bytes }) => {
    const exact = counted.get(table);
    const estimate = analysed_rows >= 0 ? analysed_rows : live_rows || null;
    return { table, rows: exact ?? estimate, estimate: exact === undefined, bytes };
  });
};

/** Counts in one statement: if a table is dropped or locked meanwhile, this time all rows are estimated. */
const countRows = async (tx: Kysely<unknown>, tables: readonly Listed[]): Promise<Map<string, number>> => {
  if (tables.length === 0) return new Map();
  const counts = tables.map(
    ({ schema, name, table }) =>
      sql`select ${table}::text as table, count(*)::double precision as rows from ${sql.id(schema, name)}`,
  );
  await sql`savepoint counting`.execute(tx);
  try {
    const { rows } = await sql<{
      table: string;
      rows: number;
    }>`${sql.join(counts, sql` union all `)}`.execute(tx);
    return new Map(rows.map(({ table, rows }) => [table, rows]));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    await sql`rollback to savepoint counting`.execute(tx);
    return new Map();
  }
};
