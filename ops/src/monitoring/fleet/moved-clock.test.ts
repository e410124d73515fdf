import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createFleetDatabase, earlierTodayMs, startProcess } from "../../../../test/support/fleet.ts";

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
let clock: StandingClock;

beforeEach(async () => {
  database = await createFleetDatabase();
  clock = new StandingClock(new Date(earlierTodayMs + 1_000).toISOString());
});

afterEach(() => database.drop());

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
  const span = {
    from: new Date(earlierTodayMs),
    until: new Date(earlierTodayMs + 3_600_000),
    resolution: "minute",
  } as const;
  const points = await fleet.history({ route: "/orders", ...span });
  return points.reduce((sum, { requests }) => sum + requests, 0);
};

test.each([
  { what: "the machine has slept", seconds: 620 },
  { what: "the clock was set ahead", seconds: 45 },
  { what: "the clock was set back", seconds: -620 },
])("after $what, the fleet hears of each minute in its time, at any second of it", async ({ seconds }) => {
  clock.advanceMs(20 * 60_000);
  const instance = startProcess(database.pool, clock);
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

test("a clock set back by some minutes does not overwrite written minutes", async () => {
  const instance = startProcess(database.pool, clock);
  serve(instance, 300);
  await instance.allWritten();
  clock.stepMs(-180_000);
  instance.check();
  serve(instance, 300);
  expect(await inThePast(instance)).toBe(120);
  await instance.fleet.stop();
});
