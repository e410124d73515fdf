import { type Kysely, sql } from "kysely";
import type pg from "pg";
import { bucketOf } from "../../ops/src/core/latency-bucket.ts";
import { onConnection } from "../../ops/src/database/monitoring-pool.ts";
import { createFleetTables } from "../../ops/src/monitoring/fleet/schema.ts";
import { LatencyHistogram } from "../../ops/src/monitoring/requests/latency-histogram.ts";

export interface RecordedTraffic {
  route: string;
  method?: string;
  /** The minutes, from `from` on. */
  from: Date;
  minutes: number;
  /** In each minute. */
  requests: number;
  errors?: number;
  durationMs?: number;
}

const instance = "00000000-0000-4000-8000-000000000001";

/** Writes requests to the tables of the fleet as an instance would have, and the sums of all routes. */
export const recordTraffic = (pool: pg.Pool, traffic: readonly RecordedTraffic[]): Promise<void> =>
  onConnection(pool, async (db) => {
    await createFleetTables(db);
    for (const route of traffic) await recordRoute(db, route);
    await sql`
      insert into earlybird.metric_minutes
        (minute, instance_id, route, method, requests, errors, statuses, total_ms, max_ms, durations)
      select minute, instance_id, '(all)', '*', sum(requests), sum(errors),
        array[0, sum(requests) - sum(errors), 0, 0, sum(errors)], sum(total_ms), max(max_ms), min(durations)
      from earlybird.metric_minutes where route <> '(all)' group by minute, instance_id
      on conflict (route, method, minute, instance_id) do update set
        requests = excluded.requests, errors = excluded.errors, statuses = excluded.statuses`.execute(db);
    // Minutes of hours that are not merged yet are kept, however old. A retention merges the oldest, an empty one.
    await sql`
      insert into earlybird.metric_hours_due
      select min(date_trunc('hour', minute, 'UTC')) - interval '1 day' from earlybird.metric_minutes
      union select date_trunc('hour', minute, 'UTC') from earlybird.metric_minutes
      on conflict do nothing`.execute(db);
  });

const recordRoute = async (
  db: Kysely<unknown>,
  { route, method = "GET", from, minutes, requests, errors = 0, durationMs = 12 }: RecordedTraffic,
): Promise<void> => {
  const histogram = new LatencyHistogram();
  for (let n = 0; n < requests; n++) histogram.increment(bucketOf(durationMs * (1 + n / requests)));
  await sql`
    insert into earlybird.metric_minutes
      (minute, instance_id, route, method, requests, errors, statuses, total_ms, max_ms, durations)
    select ${from}::timestamptz + make_interval(mins => n), ${instance}::uuid, ${route}, ${method}, ${requests}::int,
      ${errors}::int, array[0, ${requests}::int - ${errors}::int, 0, 0, ${errors}::int],
      ${requests * durationMs * 1.5}::float8, ${durationMs * 2}::float8, ${Buffer.from(histogram.compact())}::bytea
    from generate_series(0, ${minutes - 1}::int) as n`.execute(db);
};
