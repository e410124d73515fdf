import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";
import { few } from "../words.ts";

export const constraints = defineCheck({
  id: "constraints",
  number: 13,
  group: "data",
  name: "Constraints and indexes",
  asks: "Every constraint is validated and every index is valid.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ name: string }>`
        select conrelid::regclass || '.' || conname as name from pg_constraint
          join pg_namespace on pg_namespace.oid = connamespace
          where not convalidated and nspname not in ('pg_catalog', 'information_schema')
        union all
        select indexrelid::regclass::text from pg_index where not indisvalid
        order by 1`.execute(db);
      return demand(
        rows.length === 0,
        rows.length === 0
          ? "All constraints are validated, all indexes are valid."
          : `Not valid: ${few(rows.map(({ name }) => name))}.`,
        "Run alter table ... validate constraint, or reindex index concurrently.",
      );
    }),
});
