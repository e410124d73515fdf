import { sql } from "kysely";
import { onConnection } from "../../ops/src/database/monitoring-pool.ts";
import type { Api } from "./api.ts";
import { recordGauges } from "./console-history.ts";
import { type RecordedTraffic, recordTraffic } from "./traffic.ts";

const minuteMs = 60_000;
const hours = 12;
/** Minutes that have the same traffic. */
const alike = 4;

/** Requests a minute at night and at the peak of the deliveries, and their duration. */
const routes = [
  { method: "GET", route: "/api/orders", night: 22, peak: 190, durationMs: 9 },
  { method: "POST", route: "/api/deliveries/confirm", night: 2, peak: 120, durationMs: 21 },
  { method: "GET", route: "/api/deliveries", night: 9, peak: 84, durationMs: 14 },
  { method: "GET", route: "/api/products", night: 14, peak: 46, durationMs: 4 },
  { method: "POST", route: "/api/orders", night: 5, peak: 31, durationMs: 26 },
  { method: "GET", route: "/api/customers/:id", night: 3, peak: 12, durationMs: 6 },
  { method: "POST", route: "/api/auth/login", night: 2, peak: 14, durationMs: 68 },
  { method: "GET", route: "/api/billing", night: 1, peak: 4, durationMs: 31 },
  // The row of all routes gets its durations from this one, and its counts from the sums.
  { method: "*", route: "(all)", night: 58, peak: 501, durationMs: 12 },
];
const bills = { method: "POST", route: "/api/billing/generate", requests: 3, durationMs: 140 };

/**
 * The twelve hours before the API's time: a quiet night, deliveries before breakfast with a few failures, and bills that
 * fail. The instance started the day before. Needs `withFleet`.
 *
 * @param failing for how many minutes bills have failed
 */
export const recordMorning = async (api: Api, failing: number): Promise<void> => {
  await startedYesterday(api);
  const nowMs = Math.floor(api.clock.now().getTime() / minuteMs) * minuteMs;
  const before = (minutes: number) => new Date(nowMs - minutes * minuteMs);
  const traffic: RecordedTraffic[] = [];
  for (const [index, { method, route, night, peak, durationMs }] of routes.entries()) {
    for (let minutesAgo = hours * 60; minutesAgo > 0; minutesAgo -= alike) {
      const rush = Math.exp(-(((minutesAgo - 130) / 110) ** 2));
      const noise = 1 + 0.1 * Math.sin(minutesAgo * 1.7 + index) + 0.06 * Math.sin(minutesAgo / 5);
      const isFailing = route === "/api/deliveries/confirm" && minutesAgo > 150 && minutesAgo < 172;
      traffic.push({
        ...{ method, route, from: before(minutesAgo), minutes: alike },
        requests: Math.max(1, Math.round((night + (peak - night) * rush) * noise)),
        errors: isFailing ? 2 + (minutesAgo % 3) : 0,
        durationMs: durationMs * (1 + 0.5 * rush) * noise,
      });
    }
  }
  traffic.push({ ...bills, from: before(40), minutes: 40 - failing });
  traffic.push({ ...bills, from: before(failing), minutes: failing, errors: 2 });
  await recordTraffic(api.operatorPool, traffic);
  await recordGauges(api, hours * 60);
  await recordSlices(api, before(15));
  recordLastMinute(api);
};

/** Moves the start of the instance, once it is known, out of the time that the pages show. */
const startedYesterday = async ({ pool, clock }: Api): Promise<void> => {
  const at = new Date(clock.now().getTime() - 20 * 60 * minuteMs);
  for (let known: number | null = 0; !known; ) {
    ({ rowCount: known } = await pool.query("update earlybird.instances set started_at = $1", [at]));
  }
};

/** The last minutes as instances write them to be read at once. */
const recordSlices = ({ operatorPool }: Api, from: Date): Promise<void> =>
  onConnection(operatorPool, async (db) => {
    await sql`
      insert into earlybird.request_slices
      select instance_id, minute, minute + interval '1 minute', jsonb_agg(jsonb_build_object('route', route,
        'method', method, 'requests', requests, 'errors', errors, 'totalMs', total_ms, 'statuses', statuses))
      from earlybird.metric_minutes where minute >= ${from} and route <> '(all)' group by instance_id, minute`.execute(
      db,
    );
  });

/** The last minute of this instance, which is read from memory. */
const recordLastMinute = ({ observed }: Api): void => {
  const { performance } = observed.monitoring;
  for (const { method, route, night, durationMs } of routes) {
    if (route === "(all)") continue;
    const endpoint = performance.endpoint(method, route);
    for (let n = 0; n < 2 * night; n++) endpoint.record(200, durationMs * (1 + n / night));
  }
  const failing = performance.endpoint(bills.method, bills.route);
  for (const status of [200, 500, 500]) failing.record(status, bills.durationMs);
};
