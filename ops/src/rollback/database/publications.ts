import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import { oidsWithPartitionsOf } from "./table-names.ts";

/** The publications by which logical replication sends this table to subscribers. */
export const publicationsOf = async (db: Database, table: string): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`
    select distinct p.pubname as name from pg_publication_tables p
    join pg_class c on c.relname = p.tablename and c.relnamespace = to_regnamespace(quote_ident(p.schemaname))
    where c.oid in ${oidsWithPartitionsOf([table])} order by 1`.execute(db);
  return rows.map(({ name }) => name);
};
