import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { createDecisions, type Decisions, startOfTime } from "../../../../test/support/decisions.ts";
import { createPool } from "../../database/index.ts";

let database: TestDatabase;
let clock: StandingClock;
let pools: pg.Pool[];
let instances: Decisions[];

beforeEach(async () => {
  database = await createTestDatabase();
  clock = new StandingClock(startOfTime);
  pools = [0, 1, 2].map(() => createPool(database.url, { max: 2 }));
  instances = pools.map((pool, rank) => createDecisions({ clock, database: pool, rank: () => rank }));
  await pass(5);
});
afterEach(async () => {
  await Promise.all(instances.map(({ alerts }) => alerts.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

/** Time passes, with a tick for all at its end, and what they share is exchanged. */
const pass = async (seconds: number) => {
  clock.advanceMs(seconds * 1_000);
  for (const { alerts } of instances) alerts.tick();
  await Promise.all(instances.map(({ alerts }) => alerts.settled()));
};

/** All see it begin, one after the other, and its end so many seconds later. */
const allSee = async (seconds: number) => {
  for (const { alerts } of instances) {
    alerts.raise({ type: "CUSTOM", key: "cold-store", message: "Too warm.", quietMs: null });
    await alerts.settled();
  }
  for (let passed = 0; passed < seconds; passed += 15) await pass(15);
  for (const { alerts } of instances) {
    alerts.resolve("CUSTOM", "cold-store");
    await alerts.settled();
  }
};
const told = () => instances.flatMap(({ words }) => words());

test("an alert that fires again is sent again by one instance, and no instance sends an end without a start", async () => {
  for (let n = 1; n <= 3; n++) {
    await allSee(30);
    for (let passed = 0; passed < 45; passed += 15) await pass(15);
    const expected = [...Array(n).fill("fired CUSTOM"), ...Array(n).fill("resolved CUSTOM")];
    expect(told().sort()).toEqual(expected);
  }
});
