import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import {
  createDecisions,
  type Decisions,
  down,
  startOfTime,
  well,
} from "../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { createPool } from "../../database/index.ts";
import { AlertArchive } from "./alert-archive.ts";

let database: TestDatabase;
let clock: StandingClock;
let pools: pg.Pool[];
let first: Decisions;
let second: Decisions;

const raised = { type: "CUSTOM", key: "disk", message: "Full.", quietMs: null } as const;
const hours = (n: number) => n * 3_600;

const start = (n: number, options = {}) =>
  createDecisions({ clock, database: pools[n] as pg.Pool, rank: () => n, ...options });

const pass = async (seconds: number) => {
  clock.advanceMs(seconds * 1_000);
  for (const { alerts } of [first, second]) alerts.tick();
  for (const { alerts } of [first, second]) await alerts.settled();
};

const notified = () => [first.words(), second.words()];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(() => {
  clock = new StandingClock(startOfTime);
  pools = [0, 1].map(() => createPool(database.url, { max: 2 }));
  first = start(0);
  second = start(1);
});
afterEach(async () => {
  for (const { alerts } of [first, second]) await alerts.stop();
  await Promise.all(pools.map((pool) => pool.end()));
  await database.pool.query("drop schema earlybird cascade");
});

test("an acknowledgement on one instance stops the reminders of another, and shows on both", async () => {
  const { id } = first.alerts.raise(raised);
  await pass(5);
  await pass(5);
  const { acknowledged } = await second.alerts.acknowledge({ id, author: "Asha", note: "on it" });
  expect((await second.alerts.explain(id)).alert.acknowledged).toEqual(acknowledged);
  await pass(5);
  await pass(5);
  for (const { alerts } of [first, second]) {
    expect(alerts.activeAnywhere()).toMatchObject([{ id, acknowledged }]);
    expect((await alerts.history({ limit: 1 })).alerts).toMatchObject([{ alert: { acknowledged } }]);
  }
  await pass(hours(5));
  expect(notified()).toEqual([["fired CUSTOM"], []]);
  await second.alerts.unacknowledge({ id, author: "Ravi" });
  await pass(5);
  await pass(1);
  expect(notified()).toEqual([["fired CUSTOM", "reminder CUSTOM"], []]);
});

test("an instance that takes over from a dead one keeps the acknowledgement, and sends the end", async () => {
  const { id } = first.alerts.raise(raised);
  await pass(1);
  second.alerts.raise(raised);
  await pass(5);
  await first.alerts.acknowledge({ id, author: "Asha" });
  await pass(5);
  const dead = first;
  first = start(0);
  await pass(hours(5));
  second.alerts.resolve("CUSTOM", "disk");
  await pass(1);
  expect([dead.words(), ...notified()]).toEqual([["fired CUSTOM"], [], ["resolved CUSTOM"]]);
});

test("an alert that goes on elsewhere after its end was sent is not acknowledged any more", async () => {
  const { id } = first.alerts.raise(raised);
  await pass(1);
  second.alerts.raise(raised);
  await first.alerts.acknowledge({ id, author: "Asha" });
  await pass(5);
  expect(second.alerts.active()).toMatchObject([{ acknowledged: { by: "Asha" } }]);
  first.alerts.resolve("CUSTOM", "disk");
  for (let n = 0; n < 6; n++) await pass(60);
  expect(notified()).toEqual([["fired CUSTOM", "resolved CUSTOM"], ["fired CUSTOM"]]);
});

test("an acknowledgement without the database holds, survives a restart, and is shared later", async () => {
  const dataDir = await makeTemporaryDirectory();
  first = start(0, { dataDir });
  const { id } = first.alerts.raise(raised);
  await pass(5);
  second.alerts.raise(raised);
  await pass(5);
  first.alerts.observe(down);
  await first.alerts.acknowledge({ id, author: "Asha" });
  first = start(0, { dataDir });
  expect(first.alerts.active()).toMatchObject([{ id, acknowledged: { by: "Asha" } }]);
  await pass(5);
  expect(second.alerts.active()).toMatchObject([{ acknowledged: null }]);
  first.alerts.observe(well);
  await pass(5);
  await pass(5);
  expect(second.alerts.active()).toMatchObject([{ acknowledged: { by: "Asha" } }]);
  await pass(hours(5));
  expect(notified()).toEqual([[], []]);
});

test("an acknowledgement made without a server applies in a running one within seconds", async () => {
  const archive = new AlertArchive({ pool: database.pool, clock });
  const { id } = first.alerts.raise(raised);
  await pass(5);
  const { acknowledged } = await archive.acknowledge({ id, author: "Asha" });
  expect(await archive.active()).toMatchObject([{ id, acknowledged }]);
  await pass(5);
  expect(first.alerts.active()).toMatchObject([{ id, acknowledged }]);
  await archive.unacknowledge({ id, author: "Asha" });
  await pass(5);
  expect(first.alerts.active()).toMatchObject([{ id, acknowledged: null }]);
  const refused = archive.unacknowledge({ id, author: "Asha" });
  await expect(refused).rejects.toMatchObject({ code: "EB_NOT_ACKNOWLEDGED" });
});

test("tables of an older version are upgraded", async () => {
  const { id } = first.alerts.raise(raised);
  await pass(5);
  await database.pool.query(`
    drop table earlybird.alert_acknowledgements;
    alter table earlybird.alert_history drop column acknowledged;
    alter table earlybird.alert_mutes drop column key, drop column route`);
  await second.alerts.stop();
  second = start(1);
  await pass(5);
  const { acknowledged } = await second.alerts.acknowledge({ id, author: "Asha" });
  const mute = await second.alerts.mute({ type: "CUSTOM", key: "a", duration_seconds: 60, author: "Asha" });
  await pass(5);
  expect(first.alerts.active()).toMatchObject([{ acknowledged }]);
  expect(first.alerts.mutes()).toEqual([mute]);
});
