import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../../../test/support/throwaway.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { DatabaseHealthChecker } from "./health-check.ts";

describe("a database that stops and starts", () => {
  let postgres: ThrowawayPostgres;
  let pool: pg.Pool;
  let checker: DatabaseHealthChecker;

  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
    pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
    pool.on("error", () => {});
    checker = new DatabaseHealthChecker({ pool });
  });

  afterAll(async () => {
    checker.close();
    await pool.end();
    await postgres.remove();
  });

  const untilIdle = (some: pg.Pool) => expect.poll(() => some.totalCount - some.idleCount).toBe(0);

  test("a ping reports its duration and the use of the pool", async () => {
    const health = await checker.check();
    expect(health).toMatchObject({ status: "healthy", pool: { size: 2, in_use: 0, waiting: 0 } });
    expect(health.response_time_ms).toBeGreaterThan(0);
    expect(health.response_time_ms).toBeLessThan(1000);
  });

  test("a ping does not wait for the pool", async () => {
    const lent = [await pool.connect(), await pool.connect()];
    const waiting = pool.connect();
    const health = await checker.check();
    expect(health).toMatchObject({ status: "healthy", pool: { size: 2, in_use: 2, waiting: 1 } });
    for (const client of lent) client.release();
    (await waiting).release();
  });

  test("a pool whose connections are stuck makes the database unhealthy, and a free one healthy", async () => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const looking = new DatabaseHealthChecker({ pool, clock });
    const lent = [await pool.connect(), await pool.connect()];
    const waiting = pool.connect();
    await looking.check();
    clock.advanceMs(4_001);
    expect(await looking.check()).toMatchObject({
      status: "unhealthy",
      problem: "pool_exhausted",
      reason: "all 2 connections of the pool are in use, and 1 request waits",
    });
    for (const client of lent) client.release();
    (await waiting).release();
    expect(await looking.check()).toMatchObject({ status: "healthy" });
    looking.close();
  });

  test("a short statement timeout of the service does not apply to pings", async () => {
    const hasty = new DatabaseHealthChecker({
      pool: new pg.Pool({ connectionString: postgres.url, query_timeout: 1 }),
    });
    await hasty.check();
    const checking = hasty.check();
    // The process has something else to do for a while; then the time is over before the answer is read.
    for (const startMs = performance.now(); performance.now() - startMs < 20; );
    expect(await checking).toMatchObject({ status: "healthy" });
    hasty.close();
  });

  test("details are read with pings every 30 seconds, and are kept while the database is down", async () => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const detailsPool = createMonitoringPool(pool);
    const looking = new DatabaseHealthChecker({ pool, detailsPool, clock });
    const takenAt = async () => (await looking.check()).details?.taken_at;
    expect(await takenAt()).toBeUndefined();
    await expect.poll(takenAt).toBe("2026-03-10T06:00:00.000Z");
    clock.advanceMs(29_999);
    await looking.check();
    await untilIdle(detailsPool);
    expect(await takenAt()).toBe("2026-03-10T06:00:00.000Z");
    clock.advanceMs(1);
    await expect.poll(takenAt).toBe("2026-03-10T06:00:30.000Z");
    looking.close();
    expect(await looking.check()).toMatchObject({
      status: "unhealthy",
      details: { taken_at: "2026-03-10T06:00:30.000Z" },
    });
    await closeMonitoringPool(detailsPool);
  });

  test("details that can no longer be read are reported as unknown, with the reason", async () => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const url = new URL(postgres.url);
    url.username = "watcher";
    await pool.query(`create role watcher superuser login password ${pg.escapeLiteral(url.password)}`);
    const watched = new pg.Pool({ connectionString: url.href });
    const detailsPool = createMonitoringPool(watched);
    const looking = new DatabaseHealthChecker({ pool: watched, detailsPool, clock });
    const details = async () => (await looking.check()).details;
    await expect.poll(details).toMatchObject({ connections: { max: 200 }, unknown: [] });
    await untilIdle(detailsPool);

    // The connection of the ping lives on.
    await pool.query("alter role watcher nologin");
    await pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'earlybird monitoring'",
    );
    await expect.poll(() => detailsPool.totalCount).toBe(0);
    clock.advanceMs(90_000);
    expect(await details()).toMatchObject({ connections: { max: 200 } });
    clock.advanceMs(1);
    const reason = 'role "watcher" is not permitted to log in';
    await expect
      .poll(details)
      .toMatchObject({ unknown: expect.arrayContaining([{ detail: "replicas", reason }]) });
    expect(await looking.check()).toMatchObject({
      status: "healthy",
      details: {
        taken_at: "2026-03-10T06:00:00.000Z",
        ...{ connections: null, longest_transaction: null, lock_waits: null, replicas: null },
        ...{ size_bytes: null, server_version: null, collections: null },
      },
    });

    await pool.query("alter role watcher login");
    clock.advanceMs(30_000);
    await expect.poll(details).toMatchObject({ taken_at: "2026-03-10T06:02:00.001Z", unknown: [] });
    looking.close();
    await closeMonitoringPool(detailsPool);
    await watched.end();
  });

  test("the loss of the connection is reported, and pings fail until the database is back", async () => {
    await checker.check();
    const lost = new Promise<void>((resolve) => checker.onLost(resolve));
    await postgres.stop();
    await lost;
    const away = await checker.check();
    expect(away).toMatchObject({ status: "unhealthy", response_time_ms: null });
    expect(away.reason).toContain("ECONNREFUSED");
    await postgres.start();
    expect(await checker.check()).toMatchObject({ status: "healthy" });
  });

  test("a closed checker leaves no connection and opens no new one", async () => {
    const closing = new DatabaseHealthChecker({ pool });
    await closing.check();
    closing.close();
    expect((await closing.check()).status).toBe("unhealthy");
    const connections = () =>
      pool.query("select 1 from pg_stat_activity where application_name = 'earlybird health'");
    await expect.poll(async () => (await connections()).rowCount).toBe(1);
  });
});

test("a database that accepts and does not respond fails within the timeout, and its socket is closed", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.resume().on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "somebody", password: "secret-word", max: 1 });
  const checker = new DatabaseHealthChecker({ pool, timeoutMs: 100 });
  const health = await checker.check();
  expect(health).toMatchObject({ status: "unhealthy", reason: expect.stringContaining("within 100 ms") });
  expect(JSON.stringify(health)).not.toContain("secret-word");
  await expect.poll(() => sockets.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true);
  checker.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
