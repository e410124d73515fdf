import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import {
  createFleetDatabase,
  earlierTodayMs,
  startProcess,
  unhealthyDatabase,
} from "../../../../test/support/fleet.ts";
import { ErrorCounts, type ErrorMinute } from "./error-counts.ts";

const begin = new Date(earlierTodayMs);
const full = { route: "/orders", method: "POST", status: 422, code: "EB_FULL", step: 27 };
const broken = { route: "/orders", method: "POST", status: 500, code: null, step: null };

const start = () => {
  const clock = new StandingClock(begin.toISOString());
  const counts = new ErrorCounts(clock);
  const write = async () => {
    const minutes: ErrorMinute[] = [];
    await counts.writeAll(async (minute) => void minutes.push(minute));
    return minutes;
  };
  return { clock, counts, write };
};

test("a write passes what has changed, with the counts since the beginning of the minute", async () => {
  const { clock, counts, write } = start();
  counts.add(full);
  counts.add(broken);
  expect(await write()).toHaveLength(1);
  expect(await write()).toEqual([]);
  clock.advanceMs(1_000);
  counts.add(full);
  expect(await write()).toEqual([
    { startedAt: begin, errors: [{ ...full, count: 2, first: begin, last: clock.now() }] },
  ]);
});

test("a failed write is repeated with what happened meanwhile", async () => {
  const { counts, write } = start();
  counts.add(full);
  await expect(counts.writeAll(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
  counts.add(full);
  expect(await write()).toMatchObject([{ errors: [{ count: 2 }] }]);
});

test("an error during a write is in the next one", async () => {
  const { counts, write } = start();
  counts.add(full);
  await counts.writeAll(async () => counts.add(full));
  expect(await write()).toMatchObject([{ errors: [{ count: 2 }] }]);
});

test("above a hundred kinds in a minute, the others are counted together by status", () => {
  const { clock, counts } = start();
  for (let n = 0; n < 1_000; n++) counts.add({ ...full, code: `EB_${n}` });
  counts.add({ ...full, code: "EB_1" });
  const errors = counts.within({ from: clock.now(), to: clock.now() });
  expect(errors).toHaveLength(101);
  expect(errors.slice(0, 2)).toMatchObject([
    { route: "(other)", status: 422, code: null, step: null, count: 900 },
    { code: "EB_1", count: 2 },
  ]);
});

test("minutes older than an hour are forgotten", () => {
  const { clock, counts } = start();
  for (let minute = 0; minute < 100; minute++) {
    counts.add(full);
    clock.advanceMs(60_000);
  }
  expect(counts.within({ from: begin, to: clock.now() })).toMatchObject([
    { count: 60, first: new Date(begin.getTime() + 40 * 60_000) },
  ]);
  const lately = new Date(clock.now().getTime() - 120_000);
  expect(counts.within({ from: lately, to: clock.now() })).toMatchObject([{ count: 2 }]);
  expect(counts.within({ from: lately, to: clock.now(), route: "/other" })).toEqual([]);
});

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
beforeAll(async () => {
  database = await createFleetDatabase();
});
afterAll(() => database.drop());

test("errors survive a restart; while the database is unavailable, a process reports its own", async () => {
  const clock = new StandingClock(begin.toISOString());
  const before = startProcess(database.pool, clock);
  before.check();
  before.fleet.recordError(full);
  await before.fleet.stop();
  clock.advanceMs(90_000);
  const { fleet, check } = startProcess(database.pool, clock);
  fleet.recordError(full);
  fleet.recordError(broken);
  expect(await fleet.errors({ from: begin, to: new Date() })).toEqual({
    scope: "fleet",
    errors: [
      { ...full, count: 2, first: begin, last: clock.now() },
      { ...broken, count: 1, first: clock.now(), last: clock.now() },
    ],
  });
  check(unhealthyDatabase);
  expect(await fleet.errors({ from: begin, to: new Date() })).toMatchObject({
    scope: "instance",
    errors: [{ count: 1 }, { count: 1 }],
  });
  await fleet.stop();
});
