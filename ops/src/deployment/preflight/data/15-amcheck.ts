import { sql } from "kysely";
import { messageOf } from "../../../core/message-of.ts";
import { defineCheck, go, noGo, unknown } from "../check.ts";
import type { Database } from "../context.ts";

export const amcheck = defineCheck({
  id: "amcheck",
  number: 15,
  group: "data",
  name: "Index structure",
  asks: "amcheck finds no damaged index on a copy restored from a backup.",
  timeLimitMs: 300_000,
  validForMs: 86_400_000,
  run: async ({ copy }) => {
    if (!copy)
      return unknown(
        "There is no restored copy.",
        "Rehearse the release: it restores a backup and checks its indexes.",
      );
    const { rows } = await sql<{ there: boolean }>`
      select exists (select from pg_available_extensions where name = 'amcheck') as there`.execute(copy.db);
    if (!rows[0]?.there)
      return unknown("The extension amcheck is not available.", "Install postgresql-contrib.");
    await sql`create extension if not exists amcheck`.execute(copy.db);
    return checkIndexes(copy.db);
  },
});

const checkIndexes = async (db: Database) => {
  const { rows: indexes } = await sql<{ id: number; name: string }>`
    select indexrelid::int8 as id, indexrelid::regclass::text as name from pg_index
      join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
      join pg_namespace on pg_namespace.oid = relnamespace
    where amname = 'btree' and relkind = 'i' and relpersistence = 'p' and indisvalid
      and nspname not in ('pg_catalog', 'pg_toast', 'information_schema')`.execute(db);
  for (const { id, name } of indexes) {
    try {
      await sql`select bt_index_check(${id}::oid::regclass, true)`.execute(db);
    } catch (error) {
      return noGo(
        `${name}: ${messageOf(error)}.`,
        "Run reindex index concurrently, and find out why it was damaged.",
      );
    }
  }
  return go(`${indexes.length} indexes have an intact structure and an entry for each row.`);
};
