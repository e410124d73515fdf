import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createAlerts } from "../../../../test/support/alerts.ts";
import { StandingClock } from "../../../../test/support/clock.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";
import type { Clock } from "../../core/clock.ts";
import { RollbackManager } from "../manager.ts";
import { remindAt } from "./until.ts";

const day = new StandingClock("2026-03-01T06:00:00Z");
/** The day stands still; waiting for locks does not. */
const clock: Clock = { now: () => day.now(), monotonicMs: () => performance.now() };
const grace = { requestedBy: "grace", origin: "test", reason: "practice" };
const nine = "2026-03-01T09:00:00.000Z";

let shelf: Shelf;
let manager: RollbackManager;
let server: ShelfServer;
const managerNow = () =>
  new RollbackManager({
    pool: shelf.pool,
    changes: shelfChanges,
    log: quiet,
    clock,
    patience: { attemptMs: 50, limitMs: 200 },
  });
beforeAll(async () => {
  shelf = await createShelf();
  manager = managerNow();
  server = await createShelfServer({ pool: shelf.pool, manager });
});
afterAll(async () => {
  await server?.app.close();
  await shelf?.drop();
});

const post = (path: string, body: unknown) => server.send(`POST /api/rollback${path}`, "admin", body);
const untilOf = async (step: number) =>
  (await manager.getStatus()).steps.find((one) => one.step === step)?.until;
/** What a server would have people know at this time. */
const firingAt = async (time: string, { alerts }: Pick<ShelfServer, "alerts"> = server, of = manager) => {
  day.set(time);
  await of.attendOnce();
  return alerts.active().map(({ type, severity, key }) => `${type} ${severity}: ${key}`);
};

test.each([
  ["an hour before", "06:00", "09:00", "08:00"],
  ["at half of a shorter time", "08:00", "09:00", "08:30"],
  ["never after it", "09:10", "09:00", "09:00"],
])("people are reminded %s", (_when, setAt, until, expected) => {
  const at = (time: string) => new Date(`2026-03-01T${time}:00Z`);
  expect(remindAt(at(until), at(setAt))).toEqual(at(expected));
});

test("a due re-apply is announced before and after its time, also by the next process, and never moves by itself", async () => {
  const rolledBack = await post("/steps/2/rollback", { reason: "x", until: "2026-03-01T14:30:00+05:30" });
  expect(rolledBack).toMatchObject({ status: 200, body: { operation: { until: nine } } });
  const { body } = await server.send("GET /api/rollback/status", "operator");
  expect(body.expiries).toEqual([{ step: 2, until: nine }]);
  const key = `re-apply step 2 by ${nine}`;
  expect(await firingAt("2026-03-01T07:59:59.999Z")).toEqual([]);
  expect(await firingAt("2026-03-01T08:00:00Z")).toEqual([`CUSTOM warning: ${key}`]);
  expect(await firingAt("2026-03-01T08:59:59.999Z")).toEqual([`CUSTOM warning: ${key}`]);
  expect(await firingAt(nine)).toEqual([`CUSTOM error: ${key}`]);
  // A look is no further occurrence.
  await manager.attendOnce();
  expect(server.alerts.active()).toMatchObject([{ details: { occurrences: 2 } }]);

  const next = await createAlerts();
  const restarted = managerNow();
  restarted.alertThrough(next.alerts);
  expect(await firingAt(nine, next, restarted)).toEqual([`CUSTOM error: ${key}`]);
  await next.stop();

  const later = "2026-03-02T09:00:00.000Z";
  expect(await post("/steps/2/until", { until: later, reason: "not yet" })).toMatchObject({
    status: 200,
    body: { step: 2, until: later },
  });
  expect((await manager.readLedger({ limit: 1 }))[0]).toMatchObject({
    action: "until",
    steps: [2],
    reason: "not yet",
    result: { before: nine, after: later },
  });
  expect(await firingAt(nine)).toEqual([]);
  expect(await firingAt("2026-03-02T08:30:00Z")).toHaveLength(1);
  await manager.reapplyStep(2, grace);
  expect(await firingAt("2026-03-02T10:00:00Z")).toEqual([]);
  expect(await untilOf(2)).toBeNull();
});

test.each([
  ["now", "rollback", "2026-03-05T06:00:00Z"],
  ["more than thirty days ahead", "rollback", "2026-04-04T06:00:00.001Z"],
  ["of a re-apply", "reapply", "2026-03-05T09:00:00Z"],
])("no time to re-apply by is %s", async (_which, direction, until) => {
  day.set("2026-03-05T06:00:00Z");
  if (direction === "reapply") await manager.rollbackStep(2, grace);
  expect(await post(`/steps/2/${direction}`, { reason: "x", until })).toMatchObject({
    status: 422,
    body: { code: "EB_UNTIL_INVALID" },
  });
});

test("an aborted re-apply leaves the step with its previous time", async () => {
  day.set("2026-03-05T06:00:00Z");
  const until = "2026-03-05T09:00:00.000Z";
  await manager.rollbackSteps(1, 2, grace);
  await manager.changeUntil(1, new Date(until), grace);
  // With the book that is parked for it, its title does not agree.
  await shelf.pool.query("update loans set title = 'Kim' where id = 3");
  await expect(manager.reapplyStep(1, grace)).rejects.toMatchObject({ code: "EB_CHECKS_FAILED" });
  expect(await untilOf(1)).toBeNull();
  await manager.abort(undefined, grace);
  expect(await untilOf(1)).toBe(until);
});

test("a server checks twice a minute, and waits for the current check when it stops", async () => {
  day.set("2026-03-05T09:00:00Z");
  const { alerts, stop } = await createAlerts();
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const leave = managerNow().attend(alerts);
  vi.advanceTimersByTime(29_999);
  await leave();
  expect(alerts.active()).toEqual([]);
  const leaveLater = managerNow().attend(alerts);
  vi.advanceTimersByTime(30_000);
  await leaveLater();
  vi.useRealTimers();
  expect(alerts.active()).toMatchObject([{ details: { step: 1, name: "loan-book" } }]);
  await stop();
});
