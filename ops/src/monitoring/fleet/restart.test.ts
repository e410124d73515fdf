import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createFleetDatabase, earlierTodayMs, startProcess } from "../../../../test/support/fleet.ts";

const minutesLater = (minutes: number) => new Date(earlierTodayMs + minutes * 60_000).toISOString();

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
let clock: StandingClock;

beforeEach(async () => {
  database = await createFleetDatabase();
  clock = new StandingClock(new Date(earlierTodayMs + 1_000).toISOString());
});

afterEach(() => database.drop());

type Process = ReturnType<typeof startProcess>;

const serve = ({ performance, check }: Process, { requests, seconds }: Record<string, number>) => {
  for (let n = 0; n < Number(requests); n++) performance.endpoint("GET", "/orders").record(200, 10);
  for (let passed = 0; passed < Number(seconds); passed += 5) {
    clock.advanceMs(5_000);
    check();
  }
};

const inThePast = async ({ fleet }: Process) => {
  const span = { from: new Date(earlierTodayMs), until: clock.now(), resolution: "minute" } as const;
  const points = await fleet.history({ route: "/orders", ...span });
  return points.map(({ at, requests }) => ({ at, requests }));
};

test("the requests of the last minute before a stop are kept after the restart", async () => {
  const before = startProcess(database.pool, clock);
  serve(before, { requests: 1_000, seconds: 30 });
  await before.fleet.stop();
  const next = startProcess(database.pool, clock);
  expect(await inThePast(next)).toEqual([{ at: minutesLater(0), requests: 1_000 }]);
  serve(next, { requests: 200, seconds: 45 });
  await next.allWritten();
  expect(await inThePast(next)).toEqual([{ at: minutesLater(0), requests: 1_200 }]);
  expect(await next.fleet.summary("1m")).toMatchObject({ requests: 1_200, max_ms: 10 });
  await next.fleet.stop();
});

test("stop writes a minute that ended after the last check, and the current one", async () => {
  const before = startProcess(database.pool, clock);
  serve(before, { requests: 100, seconds: 55 });
  clock.advanceMs(3_500);
  before.performance.endpoint("GET", "/orders").record(200, 10);
  clock.set(minutesLater(1));
  before.performance.endpoint("GET", "/orders").record(200, 10);
  await before.fleet.stop();
  expect(before.fleet.waiting).toBe(0);
  const next = startProcess(database.pool, clock);
  clock.advanceMs(1_000);
  expect(await inThePast(next)).toEqual([
    { at: minutesLater(0), requests: 101 },
    { at: minutesLater(1), requests: 1 },
  ]);
  await next.fleet.stop();
});
