import { sql } from "kysely";
import { defineCheck, demand, unknown } from "../check.ts";
import { onDatabase } from "../database.ts";

export const checksums = defineCheck({
  id: "checksums",
  number: 14,
  group: "data",
  name: "Checksums",
  asks: "The server has found no page with a wrong checksum.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ enabled: string; failures: number }>`
        select current_setting('data_checksums') as enabled,
          (select coalesce(sum(checksum_failures), 0)::int from pg_stat_database) as failures`.execute(db);
      const { enabled, failures = 0 } = rows[0] ?? {};
      if (enabled !== "on")
        return unknown(
          "Data checksums are off.",
          "Enable them while the server is stopped: pg_checksums --enable.",
        );
      return demand(
        failures === 0,
        `${failures} checksum failures.`,
        "Restore the damaged database from a backup.",
      );
    }),
});
