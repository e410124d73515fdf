import { sql } from "kysely";
import { defineCheck, demand, unknown } from "../check.ts";
import { onDatabase } from "../database.ts";

export const archiver = defineCheck({
  id: "archiver",
  number: 17,
  group: "data",
  name: "WAL archive",
  asks: "The archive of the write-ahead log is current.",
  validForMs: 300_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{
        mode: string;
        failing: boolean;
        archived: string | null;
        failed: string | null;
      }>`
        select current_setting('archive_mode') as mode, last_archived_wal as archived, last_failed_wal as failed,
          last_failed_time is not null and (last_archived_time is null or last_failed_time > last_archived_time) as failing
        from pg_stat_archiver`.execute(db);
      const { mode = "off", failing = false, archived = null, failed = null } = rows[0] ?? {};
      if (mode === "off")
        return unknown(
          "archive_mode is off.",
          "Set up archiving, or let the provider confirm recovery to a point in time.",
        );
      if (!failing && archived === null)
        return unknown("Nothing has been archived yet.", "Run select pg_switch_wal(), then check again.");
      return demand(
        !failing,
        failing ? `Archiving ${failed} fails.` : `The newest archived file is ${archived}.`,
        "Correct archive_command; the log of the server has its error.",
      );
    }),
});
