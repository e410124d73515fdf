import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { Instances } from "./instances.ts";
import { applyRetention } from "./retention.ts";
import { createFleetTables } from "./schema.ts";
import { readStarts } from "./starts.ts";

let database: TestDatabase;
let db: Kysely<unknown>;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  pool = createMonitoringPool(database.pool);
});

beforeEach(async () => {
  await sql`drop schema if exists earlybird cascade`.execute(db);
  await createFleetTables(db);
});

afterAll(async () => {
  await closeMonitoringPool(pool);
  await database.drop();
});

const hourAgo = new Date(Date.now() - 3_600_000);
const minutes = (count: number) => new Date(hourAgo.getTime() + count * 60_000).toISOString();
const begin = (time: string, version: string) => {
  const clock = new StandingClock(time);
  return { clock, instances: new Instances({ pool, version, clock }) };
};
const starts = () => readStarts(db, { from: new Date(0), to: new Date(), limit: 10 });
const count = async () =>
  (await sql<{ n: number }>`select count(*)::int as n from earlybird.instances`.execute(db)).rows[0]?.n;

test("starts are kept with version and end: stopped, running, or lost without a clean stop", async () => {
  const [stopped, lost, running] = [
    begin(minutes(0), "1.0.0"),
    begin(minutes(1), "1.1.0"),
    begin(minutes(2), "1.1.0"),
  ];
  for (const { instances } of [stopped, lost, running]) await instances.beat();
  await stopped.instances.leave();
  await sql`update earlybird.instances set seen_at = ${minutes(10)} where id = ${lost.instances.instanceId}`.execute(
    db,
  );
  expect(await starts()).toMatchObject([
    { id: running.instances.instanceId, started_at: minutes(2), ended_at: null, state: "running" },
    { version: "1.1.0", started_at: minutes(1), ended_at: minutes(10), state: "lost" },
    { version: "1.0.0", started_at: minutes(0), ended_at: expect.any(String), state: "stopped" },
  ]);
  // A stopped process counts no longer, although it was seen a moment ago.
  await running.instances.beat();
  expect(running.instances.rank()).toBe(0);
});

test("a clock that is set after the start, or runs ahead, does not spoil the time of the start", async () => {
  const corrected = begin("2001-01-01T00:00:00Z", "1.0.0");
  corrected.clock.advanceMs(30_000);
  corrected.clock.stepMs(hourAgo.getTime() - corrected.clock.now().getTime());
  const ahead = begin(new Date(Date.now() + 86_400_000).toISOString(), "1.0.0");
  for (const { instances } of [corrected, ahead]) await instances.beat();
  const [latest, earliest] = await starts();
  expect(earliest?.started_at).toBe(new Date(hourAgo.getTime() - 30_000).toISOString());
  expect(Date.parse(latest?.started_at ?? "")).toBeLessThanOrEqual(Date.now());
});

test("starts are kept for 90 days, and a crash loop does not fill the database", async () => {
  await sql`
    insert into earlybird.instances (id, host, pid, version, started_at, seen_at)
    select gen_random_uuid(), 'web-1', n, '1.0.0', at, at
    from generate_series(1, 20500) n, lateral (select now() - make_interval(secs => n)) as given (at)
    union all
    select gen_random_uuid(), 'web-1', n, '1.0.0', at, at
    from generate_series(1, 10) n, lateral (select now() - make_interval(days => 85 + n)) as given (at)`.execute(
    db,
  );
  await applyRetention(db);
  expect(await count()).toBe(20_000);
  const { rows } = await sql<{
    oldest: number;
  }>`select max(pid)::int as oldest from earlybird.instances`.execute(db);
  // The newest stay.
  expect(rows).toEqual([{ oldest: 20_000 }]);
  await sql`delete from earlybird.instances`.execute(db);
  await sql`
    insert into earlybird.instances (id, host, pid, version, started_at, seen_at)
    select gen_random_uuid(), 'web-1', n, '1.0.0', at, at
    from generate_series(1, 10) n, lateral (select now() - make_interval(days => 85 + n, mins => -1)) as given (at)`.execute(
    db,
  );
  await applyRetention(db);
  expect(await count()).toBe(5);
});

test("tables of an earlier version get the column for the end", async () => {
  await sql`alter table earlybird.instances drop column stopped_at`.execute(db);
  const { instances } = begin(minutes(0), "1.0.0");
  await instances.beat();
  await instances.leave();
  expect(await starts()).toMatchObject([{ state: "stopped" }]);
});
