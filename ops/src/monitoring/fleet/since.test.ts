import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createFleetDatabase, startProcess } from "../../../../test/support/fleet.ts";

/** Slices are kept for minutes, by the clock of the database. */
const beginMs = Math.floor(Date.now() / 60_000 - 5) * 60_000;
const clock = new StandingClock(new Date(beginMs).toISOString());
const later = (seconds: number) => new Date(beginMs + seconds * 1_000);

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
let one: ReturnType<typeof startProcess>;
let other: ReturnType<typeof startProcess>;
beforeAll(async () => {
  database = await createFleetDatabase();
  one = startProcess(database.pool, clock);
  other = startProcess(database.pool, clock);
  // Every five seconds for two minutes; all requests fail until a change is rolled back after 32 seconds.
  for (let seconds = 5; seconds <= 120; seconds += 5) {
    clock.set(later(seconds).toISOString());
    for (const { performance } of [one, other])
      performance.endpoint("POST", "/confirm").record(seconds <= 35 ? 500 : 200, 10);
    one.performance.endpoint("GET", "/route").record(200, 40);
    for (const { check } of [one, other]) check();
  }
  await one.allWritten();
  await other.allWritten();
});
afterAll(async () => {
  await one.fleet.stop();
  await other.fleet.stop();
  await database.drop();
});

test("only intervals that begin at the moment or after it count, on all instances", async () => {
  clock.set(later(120).toISOString());
  const of = async (seconds: number) =>
    (await one.fleet.since({ at: later(seconds), route: "/confirm" })).routes;
  expect(await of(32)).toEqual([
    {
      ...{ route: "/confirm", method: "POST", requests: 34, errors: 0, total_ms: 340 },
      statuses: [0, 34, 0, 0, 0],
    },
  ]);
  expect(await of(30)).toMatchObject([{ requests: 36, errors: 2, statuses: [0, 34, 0, 0, 2] }]);
  expect(await one.fleet.since({ at: later(32) })).toMatchObject({
    precision: "seconds",
    until: later(120),
    routes: [{ route: "/confirm" }, { route: "/route", requests: 17 }],
  });
  expect((await one.fleet.since({ at: later(32), method: "GET" })).routes).toHaveLength(1);
});

test("requests that are not written yet count, if they are of this instance", async () => {
  clock.set(later(122).toISOString());
  one.performance.endpoint("POST", "/confirm").record(200, 10);
  const { routes, until } = await one.fleet.since({ at: later(120) });
  expect([routes, until]).toMatchObject([[{ requests: 1 }], later(122)]);
});

test("after a quarter of an hour the whole minutes count", async () => {
  clock.set(later(20 * 60).toISOString());
  await one.allWritten();
  expect(await one.fleet.since({ at: later(32) })).toMatchObject({
    precision: "minutes",
    until: later(180),
    routes: [
      { route: "/confirm", requests: 26, errors: 0, statuses: [0, 26, 0, 0, 0] },
      { route: "/route", requests: 13 },
    ],
  });
});

test("a moment of last week is refused", async () => {
  const at = new Date(beginMs - 7 * 86_400_000);
  await expect(one.fleet.since({ at })).rejects.toMatchObject({ code: "EB_HISTORY_TOO_LONG", status: 400 });
});
