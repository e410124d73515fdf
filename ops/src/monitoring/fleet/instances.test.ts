import { sql } from "kysely";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../../../test/support/throwaway.ts";
import { createPool } from "../../database/index.ts";
import { closeMonitoringPool, createMonitoringPool, onConnection } from "../../database/monitoring-pool.ts";
import { Instances } from "./instances.ts";

describe("instances of one service", () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createMonitoringPool(database.pool);
  });

  afterEach(async () => {
    await database.pool.query("drop schema if exists earlybird cascade");
  });

  afterAll(async () => {
    await closeMonitoringPool(pool);
    await database.drop();
  });

  const startAt = (time: string) => new Instances({ pool, version: "1.2.3", clock: new StandingClock(time) });

  test("before any contact, an instance has rank 0", () => {
    expect(startAt("2026-03-10T06:00:00Z").rank()).toBe(0);
  });

  test("live instances know each other and rank by age", async () => {
    const young = startAt("2026-03-10T06:00:02Z");
    const old = startAt("2026-03-10T06:00:00Z");
    const middle = startAt("2026-03-10T06:00:01Z");
    for (const each of [young, old, middle, young, old, middle]) await each.beat();
    expect([old, middle, young].map((each) => each.rank())).toEqual([0, 1, 2]);
    expect(young.living.map(({ id }) => id)).toEqual(
      [old, middle, young].map(({ instanceId }) => instanceId),
    );
    expect(young.living[0]).toMatchObject({
      pid: process.pid,
      version: "1.2.3",
      started_at: "2026-03-10T06:00:00.000Z",
    });
  });

  test("an instance not seen for 20 seconds, or stopped, loses its rank", async () => {
    const [dead, gone, alive] = ["06:00:00", "06:00:01", "06:00:02"].map((time) =>
      startAt(`2026-03-10T${time}Z`),
    ) as [Instances, Instances, Instances];
    for (const each of [dead, gone, alive]) await each.beat();
    expect(alive.rank()).toBe(2);
    await database.pool.query(
      "update earlybird.instances set seen_at = seen_at - interval '21 seconds' where id = $1",
      [dead.instanceId],
    );
    await alive.beat();
    expect(alive.rank()).toBe(1);
    await gone.leave();
    await alive.beat();
    expect(alive.rank()).toBe(0);
  });

  test("concurrent starts create the tables once", async () => {
    const starting = Array.from({ length: 8 }, (_, n) => startAt(`2026-03-10T06:00:0${n}Z`));
    await Promise.all(starting.map((each) => each.beat()));
    const { rows } = await database.pool.query("select count(*) from earlybird.instances");
    expect(rows).toEqual([{ count: 8 }]);
  });

  test("dropped tables are created again", async () => {
    const instance = startAt("2026-03-10T06:00:00Z");
    await instance.beat();
    await database.pool.query("drop schema earlybird cascade");
    await expect(instance.beat()).rejects.toThrow("does not exist");
    await instance.beat();
    expect(instance.living).toHaveLength(1);
  });
});

describe("while the database is away", () => {
  let postgres: ThrowawayPostgres;
  let servicePool: pg.Pool;
  let pool: pg.Pool;

  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
    servicePool = createPool(postgres.url);
    pool = createMonitoringPool(servicePool);
  });

  afterAll(async () => {
    await closeMonitoringPool(pool);
    await servicePool.end();
    await postgres.remove();
  });

  test("each instance keeps its rank, and is alive when the database is back", async () => {
    const first = new Instances({ pool, version: "1", clock: new StandingClock("2026-03-10T06:00:00Z") });
    const second = new Instances({ pool, version: "1", clock: new StandingClock("2026-03-10T06:00:01Z") });
    for (const each of [first, second]) await each.beat();
    await postgres.stop();
    await expect(second.beat()).rejects.toThrow();
    expect(second.rank()).toBe(1);
    await postgres.start();
    await second.beat();
    expect(second.living.map(({ id }) => id)).toContain(second.instanceId);
  });

  test("monitoring has its own small, named pool", async () => {
    const lent = await Promise.all(Array.from({ length: 10 }, () => servicePool.connect()));
    const { rows } = await onConnection(pool, (db) =>
      sql<{ name: string }>`select current_setting('application_name') as name`.execute(db),
    );
    expect(rows).toEqual([{ name: "earlybird monitoring" }]);
    expect(pool.options.max).toBe(2);
    for (const client of lent) client.release();
  });

  test("a connection is not reused after an error", async () => {
    const backend = () =>
      onConnection(pool, (db) => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db));
    const before = (await backend()).rows[0]?.pid;
    await expect(onConnection(pool, (db) => sql`select no_such_column`.execute(db))).rejects.toThrow();
    expect((await backend()).rows[0]?.pid).not.toBe(before);
  });
});
