import { sql } from "kysely";
import { defineCheck, demand, go, unknown } from "../check.ts";
import { onDatabase } from "../database.ts";

const greatestLagSeconds = 10;

export const replicaLag = defineCheck({
  id: "replica-lag",
  number: 18,
  group: "data",
  name: "Replicas",
  asks: "Every replica is less than 10 seconds behind.",
  validForMs: 300_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ replicas: number; hidden: number; lag: number | null; behind: string }>`
        select count(*)::int as replicas, count(*) filter (where state is null)::int as hidden,
          extract(epoch from max(replay_lag))::float8 as lag,
          coalesce(string_agg(application_name, ', ') filter (where replay_lag > interval '10 seconds'
            or state is distinct from 'streaming'), '') as behind
        from pg_stat_replication`.execute(db);
      const { replicas = 0, hidden = 0, lag = null, behind = "" } = rows[0] ?? {};
      if (replicas === 0) return go("There are no replicas.");
      if (hidden > 0) return unknown("This login may not read the lag.", "Grant it pg_monitor.");
      return demand(
        behind === "",
        behind === ""
          ? `${replicas} replicas, at most ${lag ?? 0} s behind.`
          : `Not streaming, or over ${greatestLagSeconds} s behind: ${behind}.`,
        "Wait until the replicas catch up.",
      );
    }),
});
