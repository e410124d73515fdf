import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { createDecisions, down, startOfTime, well } from "../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { AlertArchive } from "./alert-archive.ts";

let database: TestDatabase;
let clock: StandingClock;

const schedule = { every: "mon 04:00-05:00", zone: "UTC" };
const author = "Asha";
const start = (options = {}) => createDecisions({ clock, database: database.pool, ...options });

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(() => {
  clock = new StandingClock(startOfTime);
});

test("mutes of keys and routes and maintenance windows apply on all instances, and so does their end", async () => {
  const [first, second] = [start(), start()];
  const mutes = [
    await first.alerts.mute({ type: "CUSTOM", key: "a", duration_seconds: 60, author }),
    await first.alerts.mute({ type: "CUSTOM", key: "b", duration_seconds: 60, author }),
    await first.alerts.mute({ type: "CUSTOM", route: "a", duration_seconds: 60, author }),
    await first.alerts.mute({ type: "CUSTOM", route: "b", duration_seconds: 60, author }),
  ];
  const later = await second.alerts.mute({ type: "CUSTOM", key: "b", duration_seconds: 50, author });
  const window = await second.alerts.addMaintenance({ type: "HIGH_CPU", schedule, author });
  await first.pass(5);
  expect(first.alerts.mutes()).toMatchObject([mutes[0], later, ...mutes.slice(2), { id: window.id }]);
  expect(first.alerts.maintenance()).toEqual([window]);
  await first.alerts.removeMaintenance({ id: window.id, author: "Ravi" });
  await first.alerts.unmute({ id: later.id, author: "Ravi" });
  await second.pass(5);
  expect(second.alerts.mutes()).toEqual([mutes[0], ...mutes.slice(2)]);
  expect(second.alerts.maintenance()).toEqual([]);
  for (const { alerts } of [first, second]) await alerts.stop();
});

test("what was planned without the database survives a restart, and is shared later", async () => {
  const dataDir = await makeTemporaryDirectory();
  const before = start({ dataDir });
  before.alerts.observe(down);
  const mute = await before.alerts.mute({ type: "CUSTOM", key: "disk", duration_seconds: 60, author });
  const window = await before.alerts.addMaintenance({ type: "HIGH_CPU", schedule, author });
  const after = start({ dataDir });
  expect(after.alerts.mutes()).toMatchObject([mute, { id: window.id }]);
  after.alerts.observe(well);
  await after.pass(5);
  const archive = new AlertArchive({ pool: database.pool, clock });
  expect(await archive.maintenance()).toEqual([window]);
  await archive.removeMaintenance({ id: window.id, author });
  await after.pass(5);
  expect(after.alerts.maintenance()).toEqual([]);
  await after.alerts.stop();
});

test("a window that is over is not read, and a removed one is pruned after ninety days", async () => {
  await database.pool.query("truncate earlybird.alert_windows");
  const archive = new AlertArchive({ pool: database.pool, clock });
  const once = { from: startOfTime, until: "2026-01-05T05:00:00.000Z" };
  await archive.addMaintenance({ type: "CUSTOM", schedule: once, author });
  await archive.addMaintenance({ type: "CUSTOM", schedule, author });
  clock.advanceMs(3_600_000);
  expect(await archive.maintenance()).toMatchObject([{ schedule, is_open: false }]);
  clock.advanceMs(91 * 86_400_000);
  const { alerts, pass } = start();
  await pass(5);
  const { rows } = await database.pool.query("select schedule from earlybird.alert_windows");
  expect(rows).toEqual([{ schedule }]);
  await alerts.stop();
});
