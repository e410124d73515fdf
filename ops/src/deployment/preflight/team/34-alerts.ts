import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { hasTable, notMonitored, onDatabase } from "../database.ts";
import { few } from "../words.ts";

export const alerts = defineCheck({
  id: "alerts",
  number: 34,
  group: "team",
  name: "Alerts",
  asks: "No alert fires, and none is muted.",
  validForMs: 120_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      if (!(await hasTable(db, "alert_history"))) return notMonitored();
      const { rows } = await sql<{ text: string }>`
        select distinct type || ' fires' as text from earlybird.alert_history where state = 'firing'
        union all
        select type || ' is muted until ' || to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
          from earlybird.alert_mutes where ended_at is null and until > ${context.clock.now()}
        order by 1`.execute(db);
      return demand(
        rows.length === 0,
        rows.length === 0 ? "Nothing fires, nothing is muted." : `${few(rows.map(({ text }) => text))}.`,
        "Resolve the alerts and end the mutes: a release must not start into an incident.",
      );
    }),
});
