import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";

/** The pool of a slot, its monitoring and its listeners. */
const neededBySlot = 14;

export const connections = defineCheck({
  id: "connections",
  number: 10,
  group: "system",
  name: "Database connections",
  asks: "The database server has enough spare connections for a second slot.",
  validForMs: 300_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ spare: number; max: number }>`
        select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true)::int, 0)
          - (select sum(numbackends) from pg_stat_database)::int as spare,
          current_setting('max_connections')::int as max`.execute(db);
      const { spare = 0, max = 0 } = rows[0] ?? {};
      return demand(
        spare >= neededBySlot,
        `${spare} of ${max} connections are free; a slot needs ${neededBySlot}.`,
        "Close connections, raise max_connections, or use a pooler.",
      );
    }),
});
