import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { startProcess } from "../../../../test/support/fleet.ts";
import { closeMonitoringPool, createMonitoringPool } from "../database-connection.ts";

/** Today, at an hour that has passed: what is older than three days would not be kept. */
const hourMs = 3_600_000;
const begin = (Math.floor(Date.now() / hourMs) - 4) * hourMs;

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

/** A request and a check every five seconds. */
const serve = ({ performance, check }: ReturnType<typeof startProcess>, forSeconds: number) => {
  for (let seconds = 0; seconds < forSeconds; seconds += 5) {
    performance.endpoint("GET", "/orders").record(200, 1);
    clock.advanceMs(5_000);
    check();
  }
};

/** How many requests the past knows once the last minute is over. */
const inThePast = async ({ fleet, allWritten }: ReturnType<typeof startProcess>) => {
  clock.advanceMs(60_000);
  await allWritten();
  const span = { from: new Date(begin), until: new Date(begin + hourMs), resolution: "minute" } as const;
  const points = await fleet.history({ route: "/orders", ...span });
  return points.reduce((sum, { requests }) => sum + requests, 0);
};

test.each([
  { what: "the machine has slept", seconds: 620 },
  { what: "the clock was set ahead", seconds: 45 },
  { what: "the clock was set back", seconds: -620 },
])("after $what, the fleet hears of each minute in its time, at any second of it", async ({ seconds }) => {
  clock.advanceMs(20 * 60_000);
  const instance = startProcess(pool, clock);
  serve(instance, 120);
  await instance.allWritten();
  clock.stepMs(seconds * 1_000);
  instance.check();
  serve(instance, 120);
  for (let time = 0; time < 60; time += 5) {
    serve(instance, 5);
    await instance.allWritten();
    expect(await instance.fleet.summary("1m")).toMatchObject({ requests: 12, fleet: { instances: 1 } });
  }
  expect(await inThePast(instance)).toBe(60);
  await instance.fleet.stop();
});

test("a clock that is set back by some minutes writes nothing over what it has written for them", async () => {
  const instance = startProcess(pool, clock);
  serve(instance, 300);
  await instance.allWritten();
  clock.stepMs(-180_000);
  instance.check();
  serve(instance, 300);
  expect(await inThePast(instance)).toBe(120);
  await instance.fleet.stop();
});
