import { expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import {
  createDecisions,
  type Decisions,
  down,
  well,
  withSymptoms,
} from "../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";

const decisionsOf = async ({ alerts }: Decisions, type: "HIGH_ERROR_RATE" | "API_TIMEOUT") => {
  const { alerts: records } = await alerts.history({ limit: 10, type });
  return records.map(({ decisions }) => decisions);
};

test("the symptoms of an outage are recorded and not sent, and the end reports their number", async () => {
  const desk = createDecisions();
  const { alerts, told, observe, words } = desk;
  await observe(well, down, down, withSymptoms(down), withSymptoms(down), withSymptoms(well), well);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
  expect(told.map(({ symptoms }) => symptoms)).toEqual([0, 2]);
  const cause = { decision: "inhibited", by: "DATABASE_DOWN", by_alert: told[0]?.alert.id };
  expect(await decisionsOf(desk, "HIGH_ERROR_RATE")).toMatchObject([[cause]]);
  expect(await decisionsOf(desk, "API_TIMEOUT")).toMatchObject([[cause]]);
  expect(alerts.active().map(({ type }) => type)).toEqual(["HIGH_ERROR_RATE", "API_TIMEOUT"]);
});

test("symptoms that appear before their cause is certain wait for it, and the first message counts them", async () => {
  const desk = createDecisions();
  const { told, observe, words } = desk;
  await observe(well, withSymptoms(well), withSymptoms(down), withSymptoms(down), withSymptoms(down));
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  expect(told[0]?.symptoms).toBe(2);
  expect(await decisionsOf(desk, "API_TIMEOUT")).toMatchObject([
    [
      { decision: "waits_for_cause", cause: "DATABASE_DOWN", until: "2026-01-05T04:00:16.000Z" },
      { decision: "inhibited" },
    ],
  ]);
});

test("a symptom without a cause is sent at once", async () => {
  const { observe, words } = createDecisions();
  await observe(withSymptoms(well));
  expect(words()).toEqual([]);
  await observe(withSymptoms(well));
  expect(words()).toEqual(["fired HIGH_ERROR_RATE", "fired API_TIMEOUT"]);
});

test("a symptom does not wait longer than fifteen seconds for a cause that stays uncertain", async () => {
  const { observe, pass, words } = createDecisions();
  await observe(well, withSymptoms(down));
  await pass(13);
  expect(words()).toEqual([]);
  await pass(1);
  expect(words()).toEqual(["fired HIGH_ERROR_RATE", "fired API_TIMEOUT"]);
});

test("a symptom that fires two minutes after its cause has ended is sent; one that recovers before is not", async () => {
  const desk = createDecisions();
  const { observe, pass, words } = desk;
  await observe(down, down, withSymptoms(down), withSymptoms(well), withSymptoms(well));
  const { endpoints } = withSymptoms(well).performance ?? { endpoints: [] };
  const slowOnly = { ...well, performance: { requests: 100, errors: 0, endpoints } };
  await pass(40);
  await observe(slowOnly);
  await pass(30);
  await observe(slowOnly);
  await pass(46);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
  await pass(1);
  expect(words().slice(2)).toEqual(["fired API_TIMEOUT"]);
  expect((await decisionsOf(desk, "HIGH_ERROR_RATE"))[0]?.map(({ decision }) => decision)).toEqual([
    "inhibited",
    "never_told",
  ]);
});

test.each([
  ["goes on", 5],
  ["was set back", -86_400],
])(
  "a cause that ended before a restart explains its symptoms for two minutes, on a clock that %s",
  async (...how) => {
    const [, seconds] = how;
    const dataDir = await makeTemporaryDirectory();
    const before = createDecisions({ dataDir });
    await before.observe(down, down, withSymptoms(down), withSymptoms(well), withSymptoms(well));
    await before.alerts.close();
    const restartedAt = new Date(before.clock.now().getTime() + seconds * 1_000);
    const after = createDecisions({ dataDir, clock: new StandingClock(restartedAt.toISOString()) });
    await after.observe(withSymptoms(well), withSymptoms(well));
    await after.pass(110);
    expect(after.words()).toEqual([]);
    await after.pass(10);
    expect(after.words()).toEqual(["fired HIGH_ERROR_RATE", "fired API_TIMEOUT"]);
  },
);

test("an alert unrelated to the database is sent during its outage", async () => {
  const { alerts, observe, words } = createDecisions();
  await observe(down, down);
  alerts.raise({ type: "SECURITY_ALERT", message: "Many refusals." });
  await observe(down);
  expect(words()).toEqual(["fired DATABASE_DOWN", "fired SECURITY_ALERT"]);
});
