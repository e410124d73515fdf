import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { createDecisions, down, well } from "../../../../test/support/decisions.ts";
import { textParsers, withTextParsers } from "../../../../test/support/text-parsers.ts";
import { createPool } from "../../database/index.ts";
import type { DatabaseWithTables } from "../../monitoring/index.ts";
import type { AlertType } from "../model/alert.ts";
import type { AlertRecord } from "../model/record.ts";
import { AlertArchive } from "./alert-archive.ts";
import { alertDatabaseOn } from "./alert-database.ts";
import { prune, saveRecords } from "./history-table.ts";

const now = "2026-03-05T12:00:00.000Z";
const dayMs = 86_400_000;

let database: TestDatabase;
let alertDatabase: DatabaseWithTables;
let clock: StandingClock;
let archive: AlertArchive;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  clock = new StandingClock(now);
  alertDatabase = alertDatabaseOn(database.pool);
  archive = new AlertArchive({ pool: database.pool, clock });
  await alertDatabase.connected(async () => undefined);
  await database.pool.query(
    "truncate earlybird.alert_history, earlybird.alert_mutes, earlybird.alert_claims",
  );
});

/** About something of its own, unless a key is given. */
const record = (
  agoMs: number,
  { type = "CUSTOM", id = randomUUID(), key = id }: { type?: AlertType; id?: string; key?: string } = {},
) => {
  const fired_at = new Date(Date.parse(now) - agoMs).toISOString();
  const alert = {
    id,
    type,
    key,
    severity: "error",
    state: "firing",
    message: 'It\'s "wrong".',
    details: { n: 1, what: "milk" },
    fired_at,
    resolved_at: null,
    acknowledged: null,
  } as const;
  const decisions = [{ at: fired_at, occasion: "fired", decision: "never_told" }] as const;
  return { alert, instance: "here", decisions: [...decisions], attempts: [] } satisfies AlertRecord;
};

const save = (...records: AlertRecord[]) => alertDatabase.connected((db) => saveRecords(db, records));

test("a record is read as it was saved, and a later version replaces it", async () => {
  const first = record(1_000);
  await save(first);
  expect((await archive.history({ limit: 10 })).alerts).toEqual([first]);
  const resolved = { ...first.alert, state: "resolved", resolved_at: now, message: "It is over." } as const;
  await save({ ...first, alert: resolved });
  expect((await archive.history({ limit: 10 })).alerts).toMatchObject([{ alert: resolved }]);
  expect((await archive.explain(first.alert.id, ["slack"])).channels).toEqual([
    {
      channel: "slack",
      outcome: "not_sent",
      why: "not sent: its start was not sent",
      attempts: [],
    },
  ]);
  await expect(archive.explain("nobody", [])).rejects.toMatchObject({ code: "EB_ALERT_UNKNOWN" });
});

test("the history is filtered and paged as in memory", async () => {
  const records = Array.from({ length: 30 }, (_, n) =>
    record(Math.floor(n / 10) * 1_000, { type: n % 2 ? "CUSTOM" : "DELIVERY_ISSUE" }),
  );
  await save(...records);
  const ids: string[] = [];
  for (let page: string | null | undefined; page !== null; ) {
    const found = await archive.history({ limit: 7, page });
    ids.push(...found.alerts.map(({ alert }) => alert.id));
    page = found.next;
  }
  expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
  const count = async (filter: object) => (await archive.history({ limit: 100, ...filter })).alerts.length;
  expect(await count({ type: "CUSTOM" })).toBe(15);
  expect(await count({ severity: "warning" })).toBe(0);
  expect(await count({ state: "firing" })).toBe(30);
  expect(await count({ before: new Date(now) })).toBe(20);
  await expect(archive.history({ limit: 1, page: "x" })).rejects.toMatchObject({ code: "EB_ALERT_PAGE" });
});

test("any text can be saved: with null characters, with half characters, and very long ones", async () => {
  const { alerts, pass, report } = createDecisions({ clock, database: database.pool });
  const key = `asha\0@\ud800${"x".repeat(10_000)}`;
  const { id } = alerts.raise({ type: "CUSTOM", key, message: key, details: { key } });
  expect(alerts.raise({ type: "CUSTOM", key, message: key }).id).toBe(id);
  await pass(1);
  report({
    notification_id: "n",
    alert_id: id,
    occasion: "fired",
    channel: "email",
    attempt: 1,
    at: now,
    took_ms: 1,
    outcome: "refused",
    answer: "550 \0 \udfff",
    next_at: null,
  });
  await pass(5);
  const found = await archive.explain(id, []);
  expect(found.alert.message).toMatch(/^asha\ufffd@\ufffdx+…$/);
  expect(found.channels).toMatchObject([{ attempts: [{ answer: "550 \ufffd \ufffd" }] }]);
  expect((await database.pool.query("select length(fingerprint) from earlybird.alert_claims")).rows).toEqual([
    { length: 507 },
  ]);
  expect(alerts.resolve("CUSTOM", key)).toMatchObject({ id });
  await alerts.stop();
});

test("invalid details of an older version become texts", async () => {
  const odd = record(1_000);
  await save({ ...odd, alert: { ...odd.alert, details: { login: { a: 1 }, share: null } as never } });
  const [found] = (await archive.history({ limit: 10 })).alerts;
  expect(found?.alert.details).toEqual({ login: "{ a: 1 }", share: "null" });
});

test("an alert that became more severe is in the history with its current severity", async () => {
  const { alerts, pass } = createDecisions({ clock, database: database.pool });
  const { id } = alerts.raise({ type: "CUSTOM", key: "store", severity: "warning", message: "Warm." });
  await pass(5);
  alerts.raise({ type: "CUSTOM", key: "store", severity: "critical", message: "Hot." });
  await pass(5);
  expect((await archive.explain(id, [])).alert).toMatchObject({ severity: "critical", message: "Hot." });
  await alerts.stop();
});

test.each([
  ["", [well]],
  [", also when the database is away until later", [down, down]],
])("an attempt for an alert of the time before the last start is noted%s", async (_, before) => {
  const old = record(1_000);
  await save(old);
  const { alerts, observe, pass, report } = createDecisions({ clock, database: database.pool });
  await observe(...before);
  report({
    notification_id: "n",
    alert_id: old.alert.id,
    occasion: "fired",
    channel: "slack",
    attempt: 1,
    at: now,
    took_ms: 1,
    outcome: "accepted",
    answer: null,
    next_at: null,
  });
  await alerts.settled();
  await observe(well, well);
  const outcome = async () => {
    await pass(5);
    return (await archive.explain(old.alert.id, [])).channels[0]?.outcome;
  };
  await expect.poll(outcome).toBe("accepted");
  await alerts.stop();
});

test("an alert that fires through a thousand newer ones is in the history with its end and results", async () => {
  const { alerts, pass, report } = createDecisions({ clock, database: database.pool });
  await alerts.mute({ type: "ALL", duration_seconds: 3_600, author: "Asha", reason: "a storm" });
  const raise = (key: string) => alerts.raise({ type: "CUSTOM", key, message: "Wrong.", quietMs: null }).id;
  /** Each is over before the next one. */
  const storm = () => {
    for (let n = 0; n < 1_100; n++) {
      clock.advanceMs(1);
      raise("storm");
      alerts.resolve("CUSTOM", "storm");
    }
  };
  const saved = raise("saved");
  await pass(5);
  const unsaved = raise("unsaved");
  await alerts.settled();
  storm();
  await pass(5);
  expect((await archive.explain(unsaved, [])).alert.state).toBe("firing");

  const attempt = { notification_id: "n", channel: "slack", attempt: 1, at: now, took_ms: 1 } as const;
  const answer = { outcome: "accepted", answer: null, next_at: null } as const;
  report({ ...attempt, ...answer, alert_id: saved, occasion: "reminder" });
  await alerts.explain(saved);
  alerts.resolve("CUSTOM", "saved");
  report({ ...attempt, ...answer, alert_id: saved, occasion: "resolved" });
  expect((await alerts.explain(saved)).alert.state).toBe("resolved");
  await pass(5);
  expect(await archive.explain(saved, [])).toMatchObject({
    alert: { state: "resolved" },
    channels: [{ attempts: [{ occasion: "reminder" }, { occasion: "resolved" }] }],
  });
  await alerts.stop();
});

test("a manager reads the history beyond its memory", async () => {
  await save(...Array.from({ length: 1_100 }, (_, n) => record(1_000 + n)));
  const { alerts, pass } = createDecisions({ clock, database: database.pool });
  await pass(1);
  const found = await alerts.history({ limit: 1_000 });
  const rest = await alerts.history({ limit: 1_000, page: found.next ?? undefined });
  expect([found.alerts.length, rest.alerts.length, rest.next]).toEqual([1_000, 100, null]);
  expect(alerts.summary().alerts).toBe(1_100);
  await alerts.stop();
});

test("the summary counts the alerts of all instances", async () => {
  await save(record(1_000), record(3_601_000, { type: "DATABASE_DOWN" }), record(31 * dayMs));
  await archive.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  expect(await archive.summary()).toMatchObject({
    active: 3,
    muted: [{ type: "CUSTOM", author: "Asha", until: "2026-03-05T12:01:00.000Z" }],
    alerts: 2,
    by_type: { CUSTOM: 1, DATABASE_DOWN: 1 },
    by_hour: [
      { at: "2026-03-05T10:00:00.000Z", alerts: 1 },
      { at: "2026-03-05T11:00:00.000Z", alerts: 1 },
    ],
    mean_time_to_resolve_seconds: null,
  });
});

test("an alert that several instances raise counts once, and one that comes back later counts again", async () => {
  const seen = (agoMs: number, lastedMs: number | null, key = "the cold store"): AlertRecord => {
    const { alert, ...rest } = record(agoMs, { key });
    if (lastedMs === null) return { ...rest, alert };
    const resolved_at = new Date(Date.parse(alert.fired_at) + lastedMs).toISOString();
    return { ...rest, alert: { ...alert, state: "resolved", resolved_at } };
  };
  await save(seen(100_000, 60_000), seen(99_000, 70_000), seen(95_000, 61_000));
  await save(seen(90_000, 5_000, "a van"), seen(20_000, 10_000));
  await save(seen(5_000, null), seen(5_000, null), seen(4_000, null));
  expect(await archive.summary()).toMatchObject({ active: 1, alerts: 4, mean_time_to_resolve_seconds: 25 });
});

test("a mute made without a server applies in a running one within seconds, and can be ended", async () => {
  const { alerts, pass } = createDecisions({ clock, database: database.pool });
  const mute = await archive.mute({ type: "ALL", duration_seconds: 600, author: "Asha", reason: "a move" });
  await pass(5);
  expect(alerts.mutes()).toEqual([mute]);
  await archive.unmute({ type: "ALL", author: "Asha" });
  await expect(archive.unmute({ type: "ALL", author: "Asha" })).rejects.toMatchObject({
    code: "EB_NOT_MUTED",
  });
  await pass(5);
  expect(alerts.mutes()).toEqual([]);
  await alerts.stop();
});

test("alerts older than ninety days are removed, a thousand at a time", async () => {
  await save(...Array.from({ length: 1_500 }, (_, n) => record(91 * dayMs + n)), record(89 * dayMs));
  const pruneOnce = () => alertDatabase.connected((db) => prune(db, clock.now()));
  expect(await pruneOnce()).toBe(true);
  expect(await pruneOnce()).toBe(false);
  expect((await archive.history({ limit: 10 })).alerts).toHaveLength(1);
});

test("an instance whose clock is months ahead removes no alerts of the others", async () => {
  clock.advanceMs(Date.now() - Date.parse(now));
  await save(record(Date.parse(now) - Date.now() + dayMs));
  await archive.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  clock.advanceMs(200 * dayMs);
  await alertDatabase.connected((db) => prune(db, clock.now()));
  expect((await archive.history({ limit: 10 })).alerts).toHaveLength(1);
  expect((await database.pool.query("select from earlybird.alert_mutes")).rowCount).toBe(1);
});

test("alerts of a process that disappeared are resolved, and those of this process go on", async () => {
  const lost = record(1_000);
  await save(lost);
  const { alerts, pass } = createDecisions({ clock, database: database.pool });
  const { id } = alerts.raise({ type: "CUSTOM", message: "Still wrong.", quietMs: null });
  await pass(5);
  await database.pool.query("update earlybird.alert_history set saved_at = saved_at - interval '20 minutes'");
  expect((await archive.summary()).active).toBe(0);
  await pass(300);
  await pass(5);
  expect((await archive.summary()).active).toBe(1);
  expect((await archive.explain(id, [])).alert.state).toBe("firing");
  expect((await alerts.explain(lost.alert.id)).alert).toMatchObject({
    state: "resolved",
    message: `The instance that saw it has not been heard of since. It had said: ${lost.alert.message}`,
  });
  await alerts.stop();
});

test("the tables are created once, even by ten instances at once", async () => {
  await database.pool.query("drop schema earlybird cascade");
  await Promise.all(
    Array.from({ length: 10 }, () => alertDatabaseOn(database.pool).connected(async () => undefined)),
  );
  expect((await archive.history({ limit: 1 })).alerts).toEqual([]);
});

test("an alert is sent at once while the database hangs, and the routes respond from memory", async () => {
  const blocker = await database.pool.connect();
  await archive.summary();
  const { alerts, words } = createDecisions({ clock, database: database.pool });
  try {
    await blocker.query("begin; lock table earlybird.alert_claims, earlybird.alert_history");
    const startedMs = performance.now();
    const { id } = alerts.raise({ type: "CUSTOM", message: "Look." });
    await alerts.settled();
    expect(words()).toEqual(["fired CUSTOM"]);
    expect((await alerts.explain(id)).decisions).toMatchObject([{ decision: "told" }]);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  } finally {
    await blocker.query("rollback");
    blocker.release();
    await alerts.stop();
  }
});

test("custom type parsers of a service, for its pool or global, do not change the alerts", async () => {
  await save(record(1_000));
  await archive.mute({ type: "CUSTOM", author: "Asha", reason: "a test", duration_seconds: 60 });
  const look = async (where: AlertArchive) => [await where.history({ limit: 10 }), await where.summary()];
  const seen = await look(archive);
  const theirs = createPool(database.url, { types: textParsers });
  expect(await look(new AlertArchive({ pool: theirs, clock }))).toEqual(seen);
  expect(await withTextParsers(() => look(archive))).toEqual(seen);
  await theirs.end();
});
