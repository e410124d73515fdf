import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMonitoringPool } from "../../ops/src/database/monitoring-pool.ts";
import { databaseSources } from "../../ops/src/deployment/validation/index.ts";
import { applyRetention } from "../../ops/src/monitoring/fleet/retention.ts";
import { createFleetTables } from "../../ops/src/monitoring/fleet/schema.ts";
import { StandingClock } from "../support/clock.ts";
import { createShelf, type Shelf } from "../support/shelf.ts";
import { recordTraffic } from "../support/traffic.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The database has the real time. */
const thisHourMs = Math.floor(Date.now() / hourMs) * hourMs;
const hoursAgo = (hours: number) => new Date(thisHourMs - hours * hourMs);

let shelf: Shelf;
let pool: ReturnType<typeof createMonitoringPool>;
beforeAll(async () => {
  shelf = await createShelf();
  pool = createMonitoringPool(shelf.pool);
});
afterEach(() => shelf.pool.query("truncate earlybird.metric_minutes, earlybird.metric_hours"));
afterAll(async () => {
  await pool.end();
  await shelf.drop();
});

const sources = (now = new Date(thisHourMs)) =>
  databaseSources({
    pool,
    manager: shelf.manager,
    clock: new StandingClock(now.toISOString()),
    newSlot: { startedAfter: hoursAgo(5), version: "2.0.0" },
  });

test("without monitoring, nothing is measured", async () => {
  expect(await sources().memory(hoursAgo(4))).toEqual([]);
  expect(await sources().p95(hoursAgo(4))).toEqual([]);
  expect(await sources().lastWeek(hoursAgo(4))).toBeNull();
  await createFleetTables(shelf.db);
});

/** A process that reported its memory each minute since it started. */
const process = async (id: string, version: string, started: Date, bytes: readonly number[]) => {
  await shelf.pool.query(
    "insert into earlybird.instances (id, host, pid, version, started_at, seen_at) values ($1, 'a', 1, $2, $3, $3)",
    [id, version, started],
  );
  await shelf.pool.query(
    `insert into earlybird.gauge_minutes (gauge, minute, instance_id, samples, total, highest)
     select 'memory_bytes', $2::timestamptz + make_interval(mins => n::int - 1), $1, 2, 2 * value, value
     from unnest($3::float8[]) with ordinality as given (value, n)`,
    [id, started, bytes],
  );
};
const idOf = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

test("the memory is that of the new version's process that ran longest since the switch", async () => {
  await process(idOf(1), "1.0.0", hoursAgo(4), Array(200).fill(7));
  await process(idOf(2), "2.0.0", hoursAgo(9), Array(500).fill(8));
  await process(idOf(3), "2.0.0", hoursAgo(4), [100, 110, 120, 130]);
  await process(idOf(4), "2.0.0", hoursAgo(3), [90, 90]);
  expect(await sources().memory(new Date(hoursAgo(4).getTime() + minuteMs))).toEqual(
    [110, 120, 130].map((value, n) => ({
      at: new Date(hoursAgo(4).getTime() + (n + 1) * minuteMs),
      value,
    })),
  );
});

const traffic = (from: Date, minutes: number, durationMs: number) =>
  recordTraffic(pool, [{ route: "/loans", from, minutes, requests: 40, durationMs }]);

test("the p95 is read by the minute, and by the hour for more than a day", async () => {
  await traffic(hoursAgo(3), 3, 50);
  const points = await sources().p95(hoursAgo(4));
  expect(points.map(({ at }) => at)).toEqual(
    [0, 1, 2].map((n) => new Date(hoursAgo(3).getTime() + n * minuteMs)),
  );
  // Durations are from 50 to 100 ms.
  for (const { value } of points) expect(value).toBeGreaterThan(90);
  await merge();
  expect((await sources().p95(hoursAgo(30))).map(({ at }) => at)).toEqual([hoursAgo(3)]);
});

const merge = async () => {
  for (let n = 0; n < 10; n++) await applyRetention(shelf.db);
};

test("the last full hour since the switch is compared with the same hour a week before", async () => {
  await traffic(hoursAgo(2 + 7 * 24), 60, 20);
  await traffic(hoursAgo(1 + 7 * 24), 60, 30);
  await traffic(hoursAgo(2), 60, 80);
  await merge();
  const found = await sources().lastWeek(hoursAgo(4));
  expect(found?.now).toBeGreaterThan(150);
  expect(found?.before).toBeGreaterThan(37);
  expect(found?.before).toBeLessThan(42);
  // The hour in which the switch was has requests of both versions.
  const within = new Date(hoursAgo(2).getTime() + minuteMs);
  expect(await sources().lastWeek(within)).toBeNull();
});

test("the ledger is verified", async () => {
  expect(await sources().ledger()).toMatchObject({ ok: true, faults: [] });
  await shelf.pool.query("alter table earlybird.ledger disable trigger all");
  await shelf.pool.query("update earlybird.ledger set entry = replace(entry, 'test', 'someone')");
  expect(await sources().ledger()).toMatchObject({ ok: false });
});
