import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import {
  createDecisions,
  type Decisions,
  down,
  startOfTime,
  well,
} from "../../../../test/support/decisions.ts";
import { createPool } from "../../database/index.ts";
import type { AlertSeverity } from "../model/alert.ts";

let database: TestDatabase;
let clock: StandingClock;
let pools: pg.Pool[];
let instances: [Decisions, Decisions];

const startTwo = () => {
  pools = [0, 1].map(() => createPool(database.url, { max: 2 }));
  const [one, other] = pools.map((pool, rank) =>
    createDecisions({ clock, database: pool, rank: () => rank }),
  );
  instances = [one, other] as [Decisions, Decisions];
};
const stopTwo = async () => {
  await Promise.all(instances.map(({ alerts }) => alerts.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
};

beforeEach(async () => {
  database = await createTestDatabase();
  clock = new StandingClock(startOfTime);
  startTwo();
  await pass(5);
});
afterEach(async () => {
  await stopTwo();
  await database.drop();
});

/** Time passes, with a tick for both at its end, and what they share is exchanged. */
const pass = async (seconds: number) => {
  clock.advanceMs(seconds * 1_000);
  for (const { alerts } of instances) alerts.tick();
  await Promise.all(instances.map(({ alerts }) => alerts.settled()));
};

const about = { type: "CUSTOM", key: "cold-store" } as const;
const raise = async (n: 0 | 1, severity: AlertSeverity) => {
  instances[n].alerts.raise({ ...about, severity, message: "Too warm.", quietMs: null });
  await pass(1);
};
const resolve = async (n: 0 | 1) => {
  instances[n].alerts.resolve("CUSTOM", "cold-store");
  await pass(1);
};
const told = () =>
  instances.map((one) => one.told.map(({ occasion, alert }) => `${occasion} ${alert.severity}`));

test("an alert that is more severe on another instance is sent there once, and so is its end", async () => {
  await raise(0, "warning");
  await raise(1, "critical");
  await raise(1, "critical");
  expect(told()).toEqual([["fired warning"], ["fired critical"]]);
  await pass(5);
  await resolve(0);
  expect(told()).toEqual([["fired warning"], ["fired critical"]]);
  await resolve(1);
  for (let n = 0; n < 5; n++) await pass(30);
  expect(told()).toEqual([["fired warning"], ["fired critical", "resolved critical"]]);
});

test("an instance that takes an alert over continues its thread, and a new incident begins its own", async () => {
  await raise(0, "warning");
  await raise(1, "critical");
  await resolve(1);
  const [first] = instances[0].told;
  const thread = [first?.alert.id];
  expect(instances[1].told.map(({ threads }) => threads)).toEqual([thread, thread]);
  await pass(1);
  await raise(1, "critical");
  const again = instances[1].told.at(-1);
  expect([again?.occasion, again?.threads]).toEqual(["fired", [again?.alert.id]]);
});

test("the end names the threads of both instances that sent the start without the database", async () => {
  const away = [down, down] as const;
  for (const one of instances) await one.observe(...away);
  for (const n of [0, 1] as const) await raise(n, "error");
  for (let n = 0; n < 3; n++) await pass(60);
  const ids = instances.map(({ told }) => told.find(({ alert }) => alert.type === "CUSTOM")?.alert.id);
  expect(ids.every((id) => id !== undefined)).toBe(true);
  for (const one of instances) await one.observe(well, well);
  for (let n = 0; n < 3; n++) await pass(10);
  for (const n of [0, 1] as const) await resolve(n);
  for (let n = 0; n < 4; n++) await pass(30);
  const ends = instances.flatMap(({ told }) =>
    told.filter(({ occasion, alert }) => occasion === "resolved" && alert.type === "CUSTOM"),
  );
  expect(ends.map(({ threads }) => threads?.toSorted())).toEqual([ids.toSorted()]);
});

test("an instance that did not send sends an alert at once when it becomes more severe than the one sent", async () => {
  await raise(0, "warning");
  await raise(1, "warning");
  await raise(1, "error");
  expect(told()).toEqual([["fired warning"], ["fired error"]]);
  await raise(0, "error");
  await pass(5);
  await pass(30);
  expect(told()).toEqual([["fired warning"], ["fired error"]]);
  await raise(0, "critical");
  expect(told()).toEqual([["fired warning", "fired critical"], ["fired error"]]);
});

test("a less severe alert that goes on after the more severe one is sent again after five minutes", async () => {
  await raise(0, "warning");
  await raise(1, "critical");
  await pass(5);
  await resolve(1);
  expect(told()).toEqual([["fired warning"], ["fired critical", "resolved critical"]]);
  for (let n = 0; n < 8; n++) await pass(35);
  expect(told()[0]).toEqual(["fired warning"]);
  for (let n = 0; n < 2; n++) await pass(35);
  expect(told()[0]).toEqual(["fired warning", "fired warning"]);
  await resolve(0);
  expect(told()[0]).toEqual(["fired warning", "fired warning", "resolved warning"]);
});

test("an alert that comes back is sent once, by the first instance, or by the one where it is more severe", async () => {
  await raise(0, "warning");
  await resolve(0);
  await raise(1, "critical");
  await resolve(1);
  await pass(1);
  await raise(0, "critical");
  await raise(1, "critical");
  // Confirms the claim of the first instance.
  await pass(5);
  await pass(60);
  expect(told()).toEqual([
    ["fired warning", "resolved warning", "fired critical"],
    ["fired critical", "resolved critical"],
  ]);
});

test("a more severe alert that was sent without the database is not sent again when the database is back", async () => {
  await raise(1, "warning");
  const [first] = instances;
  await first.observe(down, down);
  await raise(0, "critical");
  await first.observe(well, well);
  for (let n = 0; n < 4; n++) await pass(35);
  const ofIt = instances.map((one) => one.told.filter(({ alert }) => alert.type === "CUSTOM"));
  expect(ofIt.map((some) => some.map(({ alert }) => alert.severity))).toEqual([["critical"], ["warning"]]);
});

test("tables of an older version are migrated, and its alerts are not sent again", async () => {
  await raise(0, "error");
  await pass(5);
  await stopTwo();
  await database.pool.query("alter table earlybird.alert_claims drop column severity");
  startTwo();
  await raise(1, "critical");
  expect(told()).toEqual([[], []]);
  const { rows } = await database.pool.query("select severity from earlybird.alert_claims");
  expect(rows).toEqual([{ severity: null }]);
});
