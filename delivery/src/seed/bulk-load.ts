import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";

/**
 * Loads with the foreign keys and secondary indexes of `tables` put aside, and puts them back afterwards.
 *
 * Putting back a foreign key proves every row in one join, where enforcing it row by row took two thirds of
 * the whole load; an index is built twice as fast from rows than row by row. All of it happens in the
 * caller's transaction: nobody sees the tables without them. What carries a comment, or serves replication
 * or clustering, stays in place, since its definition alone would not bring it back whole.
 *
 * The tables are locked against everybody until the transaction ends.
 */
export const loadInBulk = async (
  tx: Transaction<Tables>,
  tables: readonly string[],
  load: () => Promise<void>,
): Promise<void> => {
  const foreignKeys = await foreignKeysOf(tx, tables);
  const indexes = await indexesOf(tx, tables);
  for (const { table, name } of foreignKeys) {
    await sql`alter table ${sql.table(table)} drop constraint ${sql.id(name)}`.execute(tx);
  }
  for (const { schema, name } of indexes) await sql`drop index ${sql.id(schema, name)}`.execute(tx);
  await load();
  // The definitions are the catalogue's own words.
  for (const { definition } of indexes) await sql`${sql.raw(definition)}`.execute(tx);
  for (const { table, name, definition } of foreignKeys) {
    await sql`alter table ${sql.table(table)}
      add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(tx);
  }
};

interface ForeignKey {
  table: string;
  name: string;
  definition: string;
}

const foreignKeysOf = async (tx: Transaction<Tables>, tables: readonly string[]): Promise<ForeignKey[]> => {
  const { rows } = await sql<ForeignKey>`
    select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.conparentid = 0 and k.conrelid = any(${tables}::regclass[])
      and obj_description(k.oid, 'pg_constraint') is null
    order by c.relname, k.conname`.execute(tx);
  return rows;
};

interface Index {
  schema: string;
  name: string;
  definition: string;
}

const indexesOf = async (tx: Transaction<Tables>, tables: readonly string[]): Promise<Index[]> => {
  const { rows } = await sql<Index>`
    select n.nspname as schema, c.relname as name, pg_get_indexdef(c.oid) as definition
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.indrelid = any(${tables}::regclass[])
      and not i.indisunique and not i.indisexclusion and not i.indisclustered and not i.indisreplident
      and i.indisvalid and not c.relispartition
      and obj_description(c.oid, 'pg_class') is null
    order by c.relname`.execute(tx);
  return rows;
};
