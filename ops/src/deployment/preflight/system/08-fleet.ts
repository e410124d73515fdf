import { sql } from "kysely";
import { defineCheck, demand, noGo } from "../check.ts";
import { hasTable, notMonitored, onDatabase } from "../database.ts";

const greatestSkewMs = 1_000;

export const fleet = defineCheck({
  id: "fleet",
  number: 8,
  group: "system",
  name: "Fleet",
  asks: "All instances run one version, and the clock of this machine is within a second of the database's.",
  run: (context) =>
    onDatabase(context, async (db) => {
      if (!(await hasTable(db, "instances"))) return notMonitored();
      const { rows } = await sql<{ version: string; instances: number }>`
        select version, count(*)::int as instances from earlybird.instances
        where seen_at > clock_timestamp() - interval '20 seconds' group by 1 order by 1`.execute(db);
      if (rows.length > 1)
        return noGo(
          `The instances run ${rows.map(({ version, instances }) => `${version} (${instances})`).join(" and ")}.`,
          "Finish the previous release, or stop the instances of the other version.",
        );
      const before = context.clock.now().getTime();
      const { rows: times } = await sql<{ ms: number }>`
        select extract(epoch from clock_timestamp())::float8 * 1000 as ms`.execute(db);
      const after = context.clock.now().getTime();
      const skew = Math.round(Math.abs((times[0]?.ms ?? Number.NaN) - (before + after) / 2));
      // Half of the round trip is the error of the comparison.
      return demand(
        skew - (after - before) / 2 <= greatestSkewMs,
        `${rows[0] ? `${rows[0].instances} instances of ${rows[0].version}` : "No instance runs"}; the clocks differ by ${skew} ms.`,
        "Synchronise the clocks of the machines with NTP.",
      );
    }),
});
