import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";

const pings = 40;
const greatestMs = 50;

export const databasePing = defineCheck({
  id: "database-ping",
  number: 24,
  group: "performance",
  name: "Database ping",
  asks: "The p95 of a database ping is below 50 ms.",
  validForMs: 300_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const durations: number[] = [];
      for (let n = 0; n < pings; n++) {
        const startMs = context.clock.monotonicMs();
        await sql`select 1`.execute(db);
        durations.push(context.clock.monotonicMs() - startMs);
      }
      const p95 = durations.sort((a, b) => a - b)[Math.ceil(pings * 0.95) - 1] ?? Number.NaN;
      return demand(
        p95 < greatestMs,
        `${p95.toFixed(1)} ms of ${pings} pings.`,
        "Find out what slows the database down.",
      );
    }),
});
