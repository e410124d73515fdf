import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import {
  createFleetDatabase,
  earlierTodayMs,
  healthyDatabase,
  startProcess,
  unhealthyDatabase,
} from "../../../../test/support/fleet.ts";
import { onConnection } from "../../database/monitoring-pool.ts";
import { applyRetention } from "./retention.ts";

const clock = new StandingClock(new Date(earlierTodayMs).toISOString());
const minutesLater = (minutes: number) => new Date(earlierTodayMs + minutes * 60_000);

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
beforeAll(async () => {
  database = await createFleetDatabase();
});
beforeEach(async () => {
  clock.set(minutesLater(0).toISOString());
  await onConnection(database.pool, (db) => sql`drop schema if exists earlybird cascade`.execute(db));
});
afterAll(() => database.drop());

const span = { from: minutesLater(0), until: minutesLater(6), points: 3 };

test("a point has the sum of the requests and the highest percentile of its minutes", async () => {
  const { fleet, performance, allWritten } = startProcess(database.pool, clock);
  for (const durationMs of [10, 500, 20]) {
    for (let n = 0; n < 60; n++) performance.endpoint("GET", "/orders").record(n < 6 ? 500 : 200, durationMs);
    clock.advanceMs(60_000);
    await allWritten();
  }
  const { columns, ...axis } = await fleet.series({
    metrics: ["requests", "requests_per_second", "error_rate_percent", "p99_ms", "mean_ms", "responses_5xx"],
    ...span,
  });
  expect(axis).toEqual({
    stepSeconds: 120,
    times: [0, 2, 4].map((minutes) => minutesLater(minutes).getTime() / 1000),
  });
  expect(columns).toEqual({
    requests: [120, 60, null],
    requests_per_second: [1, 1, null],
    error_rate_percent: [10, 10, null],
    p99_ms: [500, 20, null],
    mean_ms: [255, 20, null],
    responses_5xx: [12, 6, null],
  });
  await fleet.stop();
});

test("a route without requests is 0 in the minutes that were recorded, and null in others", async () => {
  const { fleet, performance, allWritten } = startProcess(database.pool, clock);
  performance.endpoint("GET", "/orders").record(200, 1);
  clock.advanceMs(120_000);
  await allWritten();
  const request = { metrics: ["requests", "p99_ms"] as const, ...span, points: 6 };
  const of = async (route: string, method?: string) =>
    (await fleet.series({ ...request, route, method })).columns;
  expect(await of("/orders")).toMatchObject({ requests: [1, 0, null, null, null, null] });
  expect(await of("/orders", "POST")).toMatchObject({ requests: [0, 0, null, null, null, null] });
  expect(await of("/customers")).toMatchObject({ p99_ms: [0, 0, null, null, null, null] });
  await fleet.stop();
});

test("gauges are means or maxima over minutes and instances, and null where nothing could be read", async () => {
  const one = startProcess(database.pool, clock);
  const other = startProcess(database.pool, clock);
  one.check({ ...healthyDatabase, response_time_ms: 7 }, { cpu_percent: 10, event_loop_p99_ms: 3 });
  other.check(healthyDatabase, { cpu_percent: 40, event_loop_p99_ms: 90 });
  clock.advanceMs(60_000);
  one.check(unhealthyDatabase, { cpu_percent: 40 });
  clock.advanceMs(60_000);
  one.check(unhealthyDatabase, { cpu_percent: 20 });
  await other.allWritten();
  await one.fleet.stop();
  await other.fleet.stop();
  const { columns } = await startProcess(database.pool, clock).fleet.series({
    metrics: ["cpu_percent", "event_loop_p99_ms", "database_ping_ms", "replica_lag_bytes"],
    ...span,
  });
  expect(columns).toEqual({
    cpu_percent: [30, expect.any(Number), null],
    event_loop_p99_ms: [90, 0, null],
    database_ping_ms: [7, 1, null],
    replica_lag_bytes: [null, null, null],
  });
});

test("a range of days has merged hours, and the minutes of hours that are not merged yet", async () => {
  const { fleet, performance, check, allWritten } = startProcess(database.pool, clock);
  for (const hour of [0, 1]) {
    for (const minute of [0, 30]) {
      clock.set(minutesLater(60 * hour + minute).toISOString());
      performance.endpoint("GET", "/orders").record(200, 10 * (hour + 1));
      check(healthyDatabase, { cpu_percent: minute, event_loop_p99_ms: minute });
      clock.advanceMs(60_000);
      await allWritten();
    }
  }
  const read = () =>
    fleet.series({
      metrics: ["requests", "max_ms", "cpu_percent", "event_loop_p99_ms"],
      from: minutesLater(-48 * 60),
      until: minutesLater(120),
      points: 1_000,
    });
  const before = await read();
  expect(before.stepSeconds).toBe(3600);
  await onConnection(database.pool, applyRetention);
  await onConnection(database.pool, (db) =>
    sql`delete from earlybird.gauge_minutes where minute < ${minutesLater(60)}`.execute(db),
  );
  const after = await read();
  for (const { columns } of [before, after]) {
    expect(columns.requests?.slice(-3)).toEqual([null, 2, 2]);
    expect(columns.max_ms?.slice(-2)).toEqual([10, 20]);
    expect(columns.event_loop_p99_ms?.slice(-3)).toEqual([null, 30, 30]);
  }
  expect(after.columns.cpu_percent).toEqual(before.columns.cpu_percent);
  await fleet.stop();
});
