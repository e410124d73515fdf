import { sql } from "kysely";
import { onConnection } from "../../ops/src/database/monitoring-pool.ts";
import { type Api, reapply, rollBack } from "./api.ts";
import { type RecordedTraffic, recordTraffic } from "./traffic.ts";

const minuteMs = 60_000;

/** A route that fails in the last twelve minutes of {@link recordHistory}. */
export const failingRoute = { method: "POST", route: "/api/deliveries/confirm" };

/**
 * Eleven hours before the API's time: traffic that rises and falls, a route that has begun to fail, gauges of process and
 * database, and step 26 rolled back for a while. Needs `withFleet`.
 *
 * @param routes of the last hour, besides
 * @returns the operations, oldest first
 */
export const recordHistory = async (api: Api, { routes = 0 } = {}): Promise<string[]> => {
  const nowMs = api.clock.now().getTime();
  const before = (minutes: number) => new Date(nowMs - minutes * minuteMs);
  const traffic: RecordedTraffic[] = [];
  for (let quarter = 0; quarter < 44; quarter++) {
    traffic.push({
      route: "/api/orders",
      from: before(660 - quarter * 15),
      minutes: 15,
      requests: Math.round(70 + 40 * Math.sin(quarter / 7) + 8 * Math.sin(quarter * 2)),
      durationMs: 14 + 6 * Math.sin(quarter / 3),
    });
  }
  traffic.push({ ...failingRoute, from: before(240), minutes: 228, requests: 12, durationMs: 30 });
  traffic.push({ ...failingRoute, from: before(12), minutes: 12, requests: 20, errors: 8, durationMs: 45 });
  for (let n = 0; n < routes; n++) {
    traffic.push({ route: `/api/many/${n}`, from: before(60), minutes: 60, requests: 1 + (n % 9) });
  }
  await recordTraffic(api.operatorPool, traffic);
  await recordGauges(api, 660);
  for (let n = 0; n < 96; n++) {
    const step = n < 90 ? { code: "EB_QUANTITY", step: 26 } : { code: null, step: null };
    api.observed.fleet?.recordError({ ...failingRoute, status: 500, ...step });
  }
  await rollBack(api, 26);
  await reapply(api, 26);
  const { rows } = await api.pool.query<{ id: string }>(
    `select id::text from earlybird.operations where kind <> 'apply' order by id`,
  );
  for (const [index, minutes] of [186, 33].entries()) {
    await api.pool.query(
      "update earlybird.operations set started_at = $2, finished_at = $2, reason = $3 where id = $1",
      [
        rows[index]?.id,
        before(minutes),
        index === 0 ? "bills show wrong quantities" : "quantities are mended",
      ],
    );
  }
  return rows.map(({ id }) => id);
};

/** Gauges of process and database in the last minutes. */
export const recordGauges = (api: Api, minutes: number): Promise<void> =>
  onConnection(api.operatorPool, async (db) => {
    const from = new Date(api.clock.now().getTime() - minutes * minuteMs);
    await sql`
      insert into earlybird.gauge_minutes (gauge, minute, instance_id, samples, total, highest)
      select gauge, ${from}::timestamptz + make_interval(mins => n), gen_random_uuid(), 1, value, value
      from generate_series(0, ${minutes - 1}::int) as n, lateral (values
        ('cpu_percent', 12 + 6 * sin(n / 40.0)), ('memory_percent', 31 + n / 100.0), ('memory_bytes', 4e8 + n * 1e5),
        ('event_loop_p99_ms', 11 + 2 * sin(n / 9.0)), ('database_ping_ms', 0.8 + 0.2 * sin(n / 5.0)),
        ('database_connections', 14 + n % 4), ('pool_in_use', 2 + n % 3), ('pool_waiting', 0), ('lock_waits', 0),
        ('longest_lock_wait_seconds', 0), ('longest_transaction_seconds', n % 7), ('database_size_bytes', 9e8 + n * 1e4)
      ) as gauges (gauge, value)`.execute(db);
  });
