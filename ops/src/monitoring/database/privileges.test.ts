import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { createPool } from "../../database/index.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { type DatabaseDetails, readDatabaseDetails } from "./server-stats.ts";

describe("a login without special rights", () => {
  let database: TestDatabase;
  let report: pg.Pool;
  let reporter: pg.PoolClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.pool.query(`
      drop role if exists passer_by;
      create role passer_by login password 'passer-by';
      create table orders (id integer);
      create table letters (reader text);
      insert into letters values ('Asha'), ('passer_by');
      alter table letters enable row level security;
      create policy own_letters on letters using (reader = current_user);
      grant select on letters to passer_by`);
    report = createPool(database.url, { application_name: "night report" });
  });

  afterAll(async () => {
    await report.end();
    await database.pool.query("drop owned by passer_by; drop role passer_by");
    await database.drop();
  });

  beforeEach(async () => {
    reporter = await report.connect();
    await reporter.query("begin");
    await reporter.query("select pg_sleep(0.05)");
  });

  afterEach(async () => {
    await reporter.query("rollback");
    reporter.release();
  });

  const detailsFor = async (address: string): Promise<DatabaseDetails> => {
    const url = new URL(address);
    url.username = "passer_by";
    url.password = "passer-by";
    const theirs = createPool(url.href);
    const watching = createMonitoringPool(theirs);
    try {
      return await readDatabaseDetails(watching, new Date("2026-03-10T06:00:00Z"));
    } finally {
      await closeMonitoringPool(watching);
      await theirs.end();
    }
  };

  test("reads what it may, and reports the missing privilege for transactions", async () => {
    const found = await detailsFor(database.url);
    expect(found.longest_transaction).toBeNull();
    expect(found.unknown).toEqual([
      {
        detail: "longest_transaction",
        reason: expect.stringContaining("Grant this login pg_read_all_stats"),
      },
    ]);
    expect(found.connections?.used).toBeGreaterThan(0);
    expect(found.lock_waits).toEqual({ waiting: 0, longest_seconds: 0 });
    expect(found.size_bytes).toBeGreaterThan(0);
    expect(found.collections?.find(({ table }) => table === "orders")).toMatchObject({ estimate: true });
  });

  test("counts lock waits of other sessions", async () => {
    await reporter.query("lock table orders in access exclusive mode");
    const waiting = database.pool.query("select 1 from orders");
    await expect
      .poll(async () => (await detailsFor(database.url)).lock_waits?.longest_seconds)
      .toBeGreaterThan(0);
    await reporter.query("rollback");
    await waiting;
  });

  test("does not report the rows that a policy shows as all rows of a table", async () => {
    const { collections } = await detailsFor(database.url);
    expect(collections?.find(({ table }) => table === "letters")).toMatchObject({ estimate: true });
  });

  test("reports no open transaction if nobody else is connected", async () => {
    const quiet = await createTestDatabase();
    const found = await detailsFor(quiet.url);
    expect(found.longest_transaction).toEqual({ seconds: 0, application: null });
    expect(found.unknown).toEqual([]);
    await quiet.drop();
  });

  test("sees all transactions with pg_read_all_stats", async () => {
    await database.pool.query("grant pg_read_all_stats to passer_by");
    const found = await detailsFor(database.url);
    expect(found.longest_transaction).toMatchObject({ application: "night report" });
    expect(found.unknown).toEqual([]);
    await database.pool.query("revoke pg_read_all_stats from passer_by");
  });
});

test("an untracked session makes the oldest transaction unknown, with a remedy", async () => {
  const database = await createTestDatabase();
  const watching = createMonitoringPool(database.pool);
  await database.pool.query("set track_activities = off");
  const found = await readDatabaseDetails(watching, new Date());
  expect(found.longest_transaction).toBeNull();
  expect(found.unknown).toEqual([
    { detail: "longest_transaction", reason: expect.stringContaining("track_activities") },
  ]);
  await closeMonitoringPool(watching);
  await database.drop();
});
