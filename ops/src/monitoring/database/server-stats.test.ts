import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { createPool } from "../../database/index.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { readDatabaseDetails } from "./server-stats.ts";
import { type Listed, worthCounting } from "./table-sizes.ts";

const now = new Date("2026-03-10T06:00:00Z");

describe("details of a database", () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createMonitoringPool(database.pool);
    await database.pool.query(`
      create table orders (id integer);
      insert into orders select generate_series(1, 1234);
      create table visits (id integer) with (autovacuum_enabled = off);
      insert into visits select generate_series(1, 20000);
      analyze visits;
      insert into visits select generate_series(1, 50);
      create schema archive;
      create table archive."Old ""orders""" (id integer);
      create materialized view never_filled as select 1 as one with no data`);
  });

  afterAll(async () => {
    await closeMonitoringPool(pool);
    await database.drop();
  });

  const details = () => readDatabaseDetails(pool, now);

  test("connections are reported with their limit, and the database with its size", async () => {
    const { taken_at, connections, size_bytes, server_version, replicas, unknown } = await details();
    expect(taken_at).toBe("2026-03-10T06:00:00.000Z");
    expect(connections?.max).toBe(200);
    expect(connections?.used).toBeGreaterThan(0);
    expect(size_bytes).toBeGreaterThan(1_000_000);
    expect(server_version).toMatch(/^\d+\./);
    expect(replicas).toEqual([]);
    expect(unknown).toEqual([]);
  });

  test("small tables are counted, large ones estimated, both with their bytes", async () => {
    const { collections } = await details();
    const byTable = Object.fromEntries((collections ?? []).map((each) => [each.table, each]));
    expect(byTable.orders).toMatchObject({ rows: 1234, estimate: false });
    expect(byTable.visits).toMatchObject({ rows: 20_000, estimate: true });
    expect(byTable['archive."Old ""orders"""']).toMatchObject({ rows: 0, estimate: false, bytes: 0 });
    expect(byTable.never_filled).toMatchObject({ rows: null, estimate: true });
    expect(byTable.visits?.bytes).toBeGreaterThan(byTable.orders?.bytes ?? Number.POSITIVE_INFINITY);
  });

  test("the oldest open transaction is reported with its application, without its query", async () => {
    const other = createPool(database.url, { application_name: "night report" });
    const client = await other.connect();
    await client.query("begin");
    await client.query("select 'a secret', pg_sleep(0.05)");
    const found = await details();
    expect(found.longest_transaction).toMatchObject({ application: "night report" });
    expect(found.longest_transaction?.seconds).toBeGreaterThan(0.04);
    expect(JSON.stringify(found)).not.toContain("a secret");
    await client.query("rollback");
    client.release();
    await other.end();
    expect((await details()).longest_transaction).toEqual({ seconds: 0, application: null });
  });

  test("a locked table has no size, its lock waits are counted, and the check blocks nobody", async () => {
    const holder = await database.pool.connect();
    await holder.query("begin; lock table orders in access exclusive mode");
    const waiting = database.pool.query("select 1 from orders limit 1");
    await expect.poll(async () => (await details()).lock_waits?.waiting).toBe(1);
    const found = await details();
    expect(found.collections).toBeNull();
    expect(found.unknown).toEqual([
      { detail: "collections", reason: expect.stringContaining("lock timeout") },
    ]);
    expect(found.lock_waits?.longest_seconds).toBeGreaterThan(0);
    expect(found.size_bytes).toBeGreaterThan(0);
    await holder.query("rollback");
    holder.release();
    await waiting;
    expect((await details()).collections?.length).toBeGreaterThan(3);
  });
});

const table = (name: string, fields: Partial<Listed>): Listed => ({
  schema: "public",
  name,
  table: name,
  analysed_rows: 100,
  live_rows: 100,
  heap_bytes: 8192,
  bytes: 16384,
  readable: true,
  ...fields,
});

test.each([
  ["few rows and few bytes", {}, true],
  ["many rows", { analysed_rows: 10_000 }, false],
  ["no statistics yet and few bytes", { analysed_rows: -1 }, true],
  ["few rows by old statistics, and many bytes", { heap_bytes: 5 * 2 ** 20 }, false],
  ["no right to read it", { readable: false }, false],
])("whether a table with %s is counted", (_, fields, counted) => {
  expect(worthCounting([table("orders", fields)])).toHaveLength(counted ? 1 : 0);
});

test("a thousand small tables are not all counted: the smallest, up to 32 MiB", () => {
  const tables = Array.from({ length: 1_000 }, (_, n) => table(`t${n}`, { heap_bytes: 2 ** 20 }));
  expect(worthCounting([...tables, table("smallest", { heap_bytes: 0 })])).toHaveLength(33);
});
