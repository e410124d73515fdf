import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { startProcess } from "../../../../test/support/fleet.ts";
import { closeMonitoringPool, createMonitoringPool } from "../database-connection.ts";

/** Today, at an hour that has passed: what is older than three days would not be kept. */
const hourMs = 3_600_000;
const begin = (Math.floor(Date.now() / hourMs) - 4) * hourMs;
const minutesLater = (minutes: number) => new Date(begin + minutes * 60_000).toISOString();

let database: TestDatabase;
let pool: pg.Pool;
let clock: StandingClock;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = createMonitoringPool(database.pool);
  clock = new StandingClock(new Date(begin + 1_000).toISOString());
});

afterEach(async () => {
  await closeMonitoringPool(pool);
  await database.drop();
});

type Process = ReturnType<typeof startProcess>;

const serve = ({ performance, check }: Process, { requests, seconds }: Record<string, number>) => {
  for (let n = 0; n < Number(requests); n++) performance.endpoint("GET", "/orders").record(200, 10);
  for (let passed = 0; passed < Number(seconds); passed += 5) {
    clock.advanceMs(5_000);
    check();
  }
};

const inThePast = async ({ fleet }: Process) => {
  const span = { from: new Date(begin), until: clock.now(), resolution: "minute" } as const;
  const points = await fleet.history({ route: "/orders", ...span });
  return points.map(({ at, requests }) => ({ at, requests }));
};

test("what a process that is stopped served in its last minute is there after the restart, with what came after", async () => {
  const before = startProcess(pool, clock);
  serve(before, { requests: 1_000, seconds: 30 });
  await before.fleet.stop();
  const next = startProcess(pool, clock);
  expect(await inThePast(next)).toEqual([{ at: minutesLater(0), requests: 1_000 }]);
  serve(next, { requests: 200, seconds: 45 });
  await next.allWritten();
  expect(await inThePast(next)).toEqual([{ at: minutesLater(0), requests: 1_200 }]);
  expect(await next.fleet.summary("1m")).toMatchObject({ requests: 1_200, max_ms: 10 });
  await next.fleet.stop();
});

test("a minute that ended after the last check is written by the stop, and the one that has just begun", async () => {
  const before = startProcess(pool, clock);
  serve(before, { requests: 100, seconds: 55 });
  clock.advanceMs(3_500);
  before.performance.endpoint("GET", "/orders").record(200, 10);
  clock.set(minutesLater(1));
  before.performance.endpoint("GET", "/orders").record(200, 10);
  await before.fleet.stop();
  expect(before.fleet.waiting).toBe(0);
  const next = startProcess(pool, clock);
  clock.advanceMs(1_000);
  expect(await inThePast(next)).toEqual([
    { at: minutesLater(0), requests: 101 },
    { at: minutesLater(1), requests: 1 },
  ]);
  await next.fleet.stop();
});
