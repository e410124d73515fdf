import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";

const longestSeconds = 60;

export const transactions = defineCheck({
  id: "transactions",
  number: 19,
  group: "data",
  name: "Long transactions",
  asks: "No transaction is older than 60 seconds, and none is prepared.",
  validForMs: 120_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ oldest: number; prepared: number }>`
        select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 as oldest,
          (select count(*)::int from pg_prepared_xacts where database = current_database()) as prepared
        from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`.execute(
        db,
      );
      const { oldest = 0, prepared = 0 } = rows[0] ?? {};
      return demand(
        oldest <= longestSeconds && prepared === 0,
        `The oldest transaction is ${Math.round(oldest)} s old; ${prepared} are prepared.`,
        "End them: pg_stat_activity and pg_prepared_xacts name them. They would block the locks of the steps.",
      );
    }),
});
