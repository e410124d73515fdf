import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { textParsers, withTextParsers } from "../../../test/support/text-parsers.ts";
import { readDatabaseDetails } from "../monitoring/database/server-stats.ts";
import { readHistory } from "../monitoring/fleet/history.ts";
import { Instances } from "../monitoring/fleet/instances.ts";
import { writeMinute } from "../monitoring/fleet/minutes.ts";
import { PerformanceMetrics } from "../monitoring/requests/request-metrics.ts";
import { closeMonitoringPool, createMonitoringPool, onConnection } from "./monitoring-pool.ts";

/** A setting of pg that its types do not know. */
const inBinary: object = { binary: true };

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Lends monitoring's own pool, as it is beside such a pool of a service. */
const beside = async <T>(config: pg.PoolConfig, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
  const servicePool = new pg.Pool({ connectionString: database.url, ...config });
  const pool = createMonitoringPool(servicePool);
  try {
    return await work(pool);
  } finally {
    await closeMonitoringPool(pool);
    await servicePool.end();
  }
};

describe("a service that reads its values in a way of its own", () => {
  const ways: [string, <T>(work: (pool: pg.Pool) => Promise<T>) => Promise<T>][] = [
    ["for its pool", (work) => beside({ types: textParsers }, work)],
    ["for its pool, which gets them in binary", (work) => beside(inBinary, work)],
    ["for the whole process", (work) => withTextParsers(() => beside({}, work))],
  ];

  test.each(ways)("%s does not keep its instances from knowing each other", async (_, watching) => {
    const living = await watching(async (pool) => {
      const instances = new Instances({ pool, version: "1" });
      await instances.beat();
      return instances.living;
    });
    expect(living[0]).toMatchObject({ pid: process.pid, started_at: expect.stringMatching(/T.*Z$/) });
  });

  test.each(ways)("%s does not change what was recorded in the past", async (route, watching) => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const performance = new PerformanceMetrics({ clock });
    for (const durationMs of [3, 5, 700]) performance.endpoint("GET", route).record(200, durationMs);
    const { p95_ms } = performance.summary();
    clock.advanceMs(60_000);
    const [minute] = performance.minutesAfter(0);
    if (!minute) throw new Error("there was a minute");
    const points = await watching((pool) => {
      const instances = new Instances({ pool, version: "1" });
      return instances.connected(async (db) => {
        await writeMinute(db, instances.instanceId, minute);
        return readHistory(db, {
          route,
          from: minute.startedAt,
          until: clock.now(),
          resolution: "minute",
        });
      });
    });
    expect(points).toMatchObject([{ at: "2026-03-10T06:00:00.000Z", requests: 3, p95_ms }]);
  });

  test.each(ways)("%s does not change the details of its database", async (_, watching) => {
    const { connections, collections, unknown } = await watching((pool) =>
      readDatabaseDetails(pool, new Date()),
    );
    expect(connections).toEqual({ used: expect.any(Number), max: 200, reserved: 3 });
    expect(collections?.[0]).toMatchObject({ estimate: expect.any(Boolean), bytes: expect.any(Number) });
    expect(unknown).toEqual([]);
  });
});

test("bytes are read in both forms in which a database may write them", async () => {
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (const bytea_output of ["hex", "escape"]) {
    const rows = await beside({ options: `-c bytea_output=${bytea_output}` }, (pool) =>
      onConnection(
        pool,
        async (db) => (await sql<{ b: Buffer }>`select ${every}::bytea as b`.execute(db)).rows,
      ),
    );
    expect(rows).toEqual([{ b: every }]);
  }
});

test("how little time a service gives its statements does not limit those of the monitoring", async () => {
  await beside({ statement_timeout: 50, query_timeout: 50 }, (pool) =>
    onConnection(pool, (db) => sql`select pg_sleep(0.2)`.execute(db)),
  );
});

test("what else a service says in its options holds for the monitoring", async () => {
  const { rows } = await beside({ options: "-c search_path=tenant" }, (pool) =>
    onConnection(pool, (db) => sql`select current_setting('search_path') as path`.execute(db)),
  );
  expect(rows).toEqual([{ path: "tenant" }]);
});
