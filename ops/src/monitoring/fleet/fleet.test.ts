import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { healthyDatabase, startProcess, unhealthyDatabase } from "../../../../test/support/fleet.ts";
import { startThrowawayPostgres } from "../../../../test/support/throwaway.ts";
import { createPool } from "../../database/index.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { PerformanceMetrics } from "../requests/request-metrics.ts";

/** Today, at an hour that has passed: what is older than three days would not be kept. */
const hourMs = 3_600_000;
const begin = (Math.floor(Date.now() / hourMs) - 4) * hourMs;
const after = (time: string) => new Date(begin + Date.parse(`1970-01-01T${time}Z`)).toISOString();

describe("a fleet", () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let clock: StandingClock;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createMonitoringPool(database.pool);
  });

  beforeEach(() => {
    clock = new StandingClock(after("00:00:01"));
  });

  afterEach(async () => {
    await database.pool.query("drop schema if exists earlybird cascade");
  });

  afterAll(async () => {
    await closeMonitoringPool(pool);
    await database.drop();
  });

  test("every instance reports on all, as a single instance would", async () => {
    const processes = [startProcess(pool, clock), startProcess(pool, clock), startProcess(pool, clock)];
    const single = new PerformanceMetrics({ clock });
    for (let n = 0; n < 300; n++) {
      const { performance } = processes[n % 3] as (typeof processes)[number];
      for (const metrics of [performance, single]) {
        metrics.endpoint("GET", "/orders/:id").record(n % 50 === 0 ? 500 : 200, n);
        metrics.endpoint("POST", "/orders").record(201, 3 * n);
      }
    }
    clock.set(after("00:01:02"));
    for (const each of processes) await each.allWritten();
    const said = single.endpoints("5m");
    clock.set(after("00:01:15"));
    for (const { fleet } of processes) {
      const { fleet: coverage, ...summary } = await fleet.summary("1m");
      const { in_flight, last_error, ...expected } = single.summary("5m");
      expect(summary).toEqual({ ...expected, window_seconds: 60, requests_per_second: 10 });
      expect(coverage).toEqual({
        instances: 3,
        from: after("00:00:00"),
        until: after("00:01:00"),
        newest: after("00:01:00"),
      });
      const endpoints = await fleet.endpoints("1m");
      for (const { route, requests, errors, p50_ms, p95_ms, p99_ms, max_ms } of said) {
        expect(endpoints.find((each) => each.route === route)).toMatchObject({
          ...{ requests, errors, p50_ms, p95_ms, p99_ms, max_ms },
        });
      }
    }
    for (const { fleet } of processes) await fleet.stop();
  });

  test("an idle instance is counted, and the minute before its start is not", async () => {
    const { fleet, check, allWritten } = startProcess(pool, clock);
    check();
    expect(fleet.waiting).toBe(0);
    clock.set(after("00:01:00"));
    await allWritten();
    clock.set(after("00:01:15"));
    expect(await fleet.summary("5m")).toMatchObject({ requests: 0, p99_ms: 0, fleet: { instances: 1 } });
    await fleet.stop();
  });

  test("the window excludes the last minute until all instances have had time to write it", async () => {
    const { fleet, performance, allWritten } = startProcess(pool, clock);
    performance.endpoint("GET", "/orders").record(200, 1);
    clock.set(after("00:01:14"));
    await allWritten();
    expect((await fleet.summary("1m")).requests).toBe(0);
    clock.set(after("00:01:15"));
    expect((await fleet.summary("1m")).requests).toBe(1);
    await fleet.stop();
  });

  test("it sends a heartbeat every five seconds, knows its rank, and gives it up when it stops", async () => {
    const first = startProcess(pool, clock);
    clock.advanceMs(1);
    const second = startProcess(pool, clock);
    first.check();
    await expect.poll(() => first.fleet.living).toHaveLength(1);
    second.check();
    await expect.poll(() => second.fleet.rank()).toBe(1);
    const seenAt = async () =>
      (
        await database.pool.query("select seen_at from earlybird.instances where id = $1", [
          second.fleet.instanceId,
        ])
      ).rows[0].seen_at as Date;
    const before = await seenAt();
    await first.fleet.stop();
    clock.advanceMs(4_000);
    second.check();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await seenAt()).toEqual(before);
    clock.advanceMs(1_000);
    second.check();
    await expect.poll(() => second.fleet.rank()).toBe(0);
    expect((await seenAt()).getTime()).toBeGreaterThan(before.getTime());
    await second.fleet.stop();
  });

  test("the history survives a restart: each minute of a route, for all methods or one", async () => {
    const before = startProcess(pool, clock);
    for (let minute = 0; minute < 3; minute++) {
      before.performance.endpoint("GET", "/orders").record(200, 10 * (minute + 1));
      before.performance.endpoint("POST", "/orders").record(503, 100);
      before.performance.endpoint("GET", "/health").record(200, 1);
      clock.advanceMs(60_000);
      await before.allWritten();
    }
    await before.fleet.stop();
    const { fleet } = startProcess(pool, clock);
    const span = {
      from: new Date(after("00:01:00")),
      until: clock.now(),
      resolution: "minute",
    } as const;
    const points = await fleet.history({ route: "/orders", ...span });
    expect(points).toMatchObject([
      { at: after("00:01:00"), requests: 2, errors: 1, error_rate_percent: 50, max_ms: 100 },
      { at: after("00:02:00"), requests: 2, errors: 1, error_rate_percent: 50, max_ms: 100 },
    ]);
    expect(await fleet.history({ route: "/orders", method: "GET", ...span })).toMatchObject([
      { requests: 1, errors: 0, p50_ms: 20 },
      { requests: 1, errors: 0, p50_ms: 30 },
    ]);
    expect(await fleet.history(span)).toMatchObject([{ requests: 3 }, { requests: 3 }]);
    await fleet.stop();
  });

  test("a minute that the database rejects is skipped and does not block others", async () => {
    const { fleet, performance, allWritten, check } = startProcess(pool, clock);
    performance.endpoint("GET", "/un\0storable").record(200, 1);
    clock.advanceMs(60_000);
    check();
    performance.endpoint("GET", "/orders").record(200, 1);
    clock.advanceMs(60_000);
    await allWritten();
    const span = { from: new Date(begin), until: clock.now(), resolution: "minute" } as const;
    expect(await fleet.history(span)).toMatchObject([{ at: after("00:01:00"), requests: 1 }]);
    await fleet.stop();
  });

  test("requests before the process was blocked over the end of a minute are in the history", async () => {
    const { fleet, performance, check, allWritten } = startProcess(pool, clock);
    check();
    for (const seconds of [50, 80, 100]) {
      for (let n = 0; n < 500; n++) performance.endpoint("GET", "/orders").record(200, 1);
      clock.advanceMs(seconds * 1_000);
    }
    await allWritten();
    const span = { from: new Date(begin), until: clock.now(), resolution: "minute" } as const;
    expect(await fleet.history({ route: "/orders", ...span })).toMatchObject([
      { at: after("00:00:00"), requests: 1_000 },
      { at: after("00:02:00"), requests: 500 },
    ]);
    expect(await fleet.history(span)).toHaveLength(2);
    await fleet.stop();
  });

  test("too many points are refused, with a remedy", async () => {
    const { fleet } = startProcess(pool, clock);
    const until = clock.now();
    const from = new Date(until.getTime() - 26 * 3_600_000);
    await expect(fleet.history({ from, until, resolution: "minute" })).rejects.toMatchObject({
      code: "EB_HISTORY_TOO_LONG",
      status: 400,
      remedy: expect.stringContaining("hours"),
    });
    await fleet.stop();
  });

  test("concurrent reads share one result and one connection", async () => {
    const { fleet } = startProcess(pool, clock);
    const asked = Array.from({ length: 20 }, () => fleet.endpoints("1h"));
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    await fleet.stop();
  });
});

test("while the database is down, two hours of minutes are buffered, and written when it is back", async () => {
  const postgres = await startThrowawayPostgres();
  const servicePool = createPool(postgres.url);
  const pool = createMonitoringPool(servicePool);
  const clock = new StandingClock(after("00:00:01"));
  const { fleet, performance, check, allWritten } = startProcess(pool, clock);
  check();
  await expect.poll(() => fleet.living).toHaveLength(1);
  await postgres.stop();
  for (let minute = 0; minute < 130; minute++) {
    performance.endpoint("GET", "/orders").record(200, minute);
    clock.advanceMs(60_000);
    check(minute === 0 ? healthyDatabase : unhealthyDatabase);
  }
  expect(fleet.waiting).toBe(120);
  await postgres.start();
  await allWritten();
  const span = { from: new Date(after("00:00:00")), until: clock.now(), resolution: "minute" } as const;
  const points = await fleet.history({ route: "/orders", ...span });
  expect(points).toHaveLength(120);
  expect(points.at(-1)).toMatchObject({ at: after("02:09:00"), requests: 1, max_ms: 129 });
  await fleet.stop();
  await closeMonitoringPool(pool);
  await servicePool.end();
  await postgres.remove();
});

test("a database that accepts and does not respond does not keep a process from exiting", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const servicePool = createPool(`postgres://somebody:x@127.0.0.1:${port}/service`);
  const pool = createMonitoringPool(servicePool);
  const { fleet, check } = startProcess(pool, new StandingClock(after("00:00:01")));
  check();
  await expect.poll(() => sockets.length).toBe(1);
  const startedMs = performance.now();
  await fleet.stop();
  await closeMonitoringPool(pool);
  expect(performance.now() - startedMs).toBeLessThan(3_500);
  await servicePool.end();
  for (const socket of sockets) socket.destroy();
  silent.close();
});
