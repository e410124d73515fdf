import { randomUUID } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { bucketOf } from "../../core/latency-bucket.ts";
import { LatencyHistogram } from "../requests/latency-histogram.ts";
import { readHistory } from "./history.ts";
import { withSum, writeMinute } from "./minutes.ts";
import { applyRetention } from "./retention.ts";
import { createFleetTables } from "./schema.ts";

const hourMs = 3_600_000;
const thisHour = new Date(Math.floor(Date.now() / hourMs) * hourMs);
const hoursAgo = (hours: number, minutes = 0) =>
  new Date(thisHour.getTime() - hours * hourMs + minutes * 60_000);

const one = randomUUID();
const other = randomUUID();

let database: TestDatabase;
let db: Kysely<unknown>;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
});

beforeEach(async () => {
  await sql`drop schema if exists earlybird cascade`.execute(db);
  await createFleetTables(db);
});

afterAll(() => database.drop());

/** A minute in which a route answered once for each of the durations. */
const write = async (instance: string, startedAt: Date, durationsMs: number[], route = "/orders") => {
  const histogram = new LatencyHistogram();
  for (const durationMs of durationsMs) histogram.increment(bucketOf(durationMs));
  const endpoint = {
    route,
    method: "GET",
    excludedFromRates: false,
    requests: durationsMs.length,
    errors: 1,
    statuses: [0, durationsMs.length - 1, 0, 0, 1],
    totalMs: durationsMs.reduce((sum, ms) => sum + ms, 0),
    maxMs: Math.max(...durationsMs),
    counts: histogram.compact(),
  };
  await writeMinute(db, instance, withSum({ startedAt, endpoints: [endpoint] }));
};

const hours = (from = hoursAgo(24 * 100)) =>
  readHistory(db, { route: "/orders", from, until: new Date(), resolution: "hour" });

/** How many wait for a lock in this database. */
const waiting = async () =>
  (
    await database.pool.query(
      "select 1 from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()",
    )
  ).rowCount;

const count = async (table: "minutes" | "hours" | "hours_due") =>
  (
    await sql<{
      n: number;
    }>`select count(*)::integer as n from ${sql.table(`earlybird.metric_${table}`)}`.execute(db)
  ).rows[0]?.n;

test("the minutes of all instances are merged into one point per hour, with its own percentiles", async () => {
  await write(one, hoursAgo(3), [10, 10, 10]);
  await write(one, hoursAgo(3, 59), [20]);
  await write(other, hoursAgo(3, 59), [1000]);
  await applyRetention(db);
  expect(await hours(hoursAgo(24))).toMatchObject([
    {
      at: hoursAgo(3).toISOString(),
      requests: 5,
      errors: 3,
      statuses: { "2xx": 2, "5xx": 3 },
      p50_ms: 10.047,
      max_ms: 1000,
      window_seconds: 3600,
    },
  ]);
  expect(await count("hours_due")).toBe(0);
});

test("an unfinished hour is not merged", async () => {
  await write(one, new Date(), [1]);
  await applyRetention(db);
  expect([await count("hours"), await count("hours_due")]).toEqual([0, 1]);
});

test("a late or repeated minute counts once in its hour", async () => {
  await write(one, hoursAgo(3), [1, 1]);
  await applyRetention(db);
  await write(other, hoursAgo(3, 30), [2]);
  await write(one, hoursAgo(3), [1, 1]);
  await applyRetention(db);
  expect(await hours(hoursAgo(24))).toMatchObject([{ requests: 3 }]);
});

test("a minute written while its hour is being merged makes it due again", async () => {
  await write(one, hoursAgo(3), [1]);
  // Lets the merging read the minutes, and stops it before it writes the hour.
  const holder = await database.pool.connect();
  await holder.query("begin; lock table earlybird.metric_hours in exclusive mode");
  const merging = applyRetention(db);
  await expect.poll(waiting).toBe(1);
  let written = false;
  const late = write(other, hoursAgo(3, 1), [2]).then(() => {
    written = true;
  });
  await expect.poll(async () => written || (await waiting()) === 2).toBe(true);
  await holder.query("commit");
  holder.release();
  await Promise.all([merging, late]);
  expect(await count("hours_due")).toBe(1);
  await applyRetention(db);
  expect(await hours(hoursAgo(24))).toMatchObject([{ requests: 2 }]);
});

test("concurrent retention runs once and nobody waits", async () => {
  for (let hour = 2; hour < 6; hour++) await write(one, hoursAgo(hour), [1]);
  const holder = await database.pool.connect();
  await holder.query("begin; select pg_advisory_xact_lock(19303, 1)");
  await applyRetention(db);
  expect(await count("hours")).toBe(0);
  await holder.query("commit");
  holder.release();
  for (let n = 0; n < 4; n++) await applyRetention(db);
  expect([await count("hours"), await count("hours_due")]).toEqual([8, 0]);
});

test("minutes are kept for 72 hours, hours for 90 days, and no minute is deleted before its hour is merged", async () => {
  await write(one, hoursAgo(24 * 90 + 2), [1]);
  await write(one, hoursAgo(74), [2]);
  await write(one, hoursAgo(70), [3]);
  await applyRetention(db);
  expect([await count("minutes"), await count("hours_due")]).toEqual([4, 2]);
  await applyRetention(db);
  await applyRetention(db);
  expect([await count("minutes"), await count("hours_due")]).toEqual([2, 0]);
  expect(await hours(hoursAgo(24 * 60))).toMatchObject([{ max_ms: 2 }, { max_ms: 3 }]);
  expect(await count("hours")).toBe(4);
});

test("a process whose clock is days behind does not change merged hours", async () => {
  await write(one, hoursAgo(74), [1, 2, 3]);
  await applyRetention(db);
  expect(await count("minutes")).toBe(0);
  await write(other, hoursAgo(74, 30), [4]);
  await write(other, hoursAgo(74, 31), [4], "/elsewhere");
  await applyRetention(db);
  expect(await hours()).toMatchObject([{ requests: 3, max_ms: 3 }]);
  expect([await count("minutes"), await count("hours"), await count("hours_due")]).toEqual([0, 2, 0]);
});

test("a late minute does not replace an hour whose minutes have partly expired", async () => {
  await write(one, hoursAgo(72), [1]);
  await write(one, hoursAgo(72, 59), [2]);
  await applyRetention(db);
  await write(other, hoursAgo(72, 59), [3]);
  await applyRetention(db);
  expect(await hours()).toMatchObject([{ requests: 2, max_ms: 2 }]);
});
