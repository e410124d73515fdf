import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAlerts } from "../../../../test/support/alerts.ts";
import { StandingClock } from "../../../../test/support/clock.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";
import type { Clock } from "../../core/clock.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { behaviour } from "../parts/behaviour.ts";

const day = new StandingClock("2026-03-01T06:00:00Z");
/** The day stands still; waiting for locks does not. */
const clock: Clock = { now: () => day.now(), monotonicMs: () => performance.now() };
const renumbering = defineChange({
  step: 4,
  name: "renumbering",
  title: "Ids are new",
  requires: [],
  risk: "low",
  parts: [{ ...behaviour("renumbering"), kind: "identifiers" }],
});
const grace = {
  requestedBy: "grace",
  origin: "test",
  reason: "practice",
  acknowledge: ["no rules", "lose step 3"],
};
const joan = { requestedBy: "joan", origin: "test", reason: "agreed" };

let shelf: Shelf;
let manager: RollbackManager;
let server: ShelfServer;
const managerOf = (options: { clock?: Clock }) =>
  new RollbackManager({
    pool: shelf.pool,
    changes: [...shelfChanges, renumbering],
    log: quiet,
    approval: "critical",
    ...options,
  });
beforeAll(async () => {
  shelf = await createShelf();
  manager = managerOf({ clock });
  await manager.install(grace);
  day.advanceMs(1_000);
  server = await createShelfServer({ pool: shelf.pool, manager });
});
afterAll(async () => {
  await server?.app.close();
  await shelf?.drop();
});
// Without a policy, whatever is rolled back comes back.
afterEach(() => shelf.manager.reapplySteps(1, 3, grace));

const post = (path: string, body: unknown, as = "admin") =>
  server.send(`POST /api/rollback${path}`, as, body);
const planOf = async (from = 3, to = from) => (await manager.dryRunRollback(from, to)).plan.hash;
const stateOf = async (step: number) =>
  (await manager.getStatus()).steps.find((one) => one.step === step)?.state;
const ask = async (from = 3, to = from) => {
  const { approval } = await manager.rollbackSteps(from, to, { ...grace, plan: await planOf(from, to) });
  if (!approval) throw new Error("nothing was asked for");
  return approval;
};
const stateNow = async (id: string) => (await manager.listApprovals()).find((one) => one.id === id)?.state;
const newest = async (limit: number) => (await manager.readLedger({ limit })).reverse();

test("over HTTP, a critical step moves once, after another admin has approved the plan", async () => {
  const body = { reason: "bad rules", acknowledge: "no rules" };
  expect(await post("/steps/3/rollback", body)).toMatchObject({
    status: 428,
    body: { code: "EB_PLAN_MISSING" },
  });
  const { plan } = (await post("/steps/3/dry-run", body)).body;
  const asked = await post("/steps/3/rollback", { ...body, plan: plan.hash });
  expect(asked).toMatchObject({ status: 202, body: { approval: { state: "asked", steps: [3] } } });
  const { id } = asked.body.approval;
  // Who repeats the call has not asked for something else.
  expect((await post("/range", { from: 3, to: 3, ...body, plan: plan.hash })).body).toEqual(asked.body);
  expect(await stateOf(3)).toBe("applied");
  const use = (as = "admin") => post("/steps/3/rollback", { approval: id }, as);
  expect(await use()).toMatchObject({ status: 409, body: { code: "EB_APPROVAL_PENDING" } });
  const approve = (as: string) => post(`/approvals/${id}/approve`, { reason: "seen" }, as);
  expect(await approve("admin")).toMatchObject({ status: 409, body: { code: "EB_APPROVAL_OWN" } });
  const renamed = { requestedBy: "Eve (u1)", person: "u1", origin: "test", reason: "seen" };
  await expect(manager.approve(id, renamed)).rejects.toMatchObject({ code: "EB_APPROVAL_OWN" });
  expect(await approve("second")).toMatchObject({
    status: 200,
    body: { approval: { approved_by: "Ada (u4)" } },
  });
  expect(await approve("second")).toMatchObject({ status: 409, body: { code: "EB_APPROVAL_OVER" } });
  expect(await post("/steps/2/rollback", { approval: id })).toMatchObject({
    body: { code: "EB_APPROVAL_MISMATCH" },
  });

  const answers = await Promise.all([use(), use("second")]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const won = answers.find(({ status }) => status === 200)?.body.operation;
  expect(won).toMatchObject({ state: "completed", reason: "bad rules", plan: plan.hash });
  const { approvals } = (await server.send("GET /api/rollback/approvals?limit=1", "operator")).body;
  expect(approvals).toMatchObject([{ id, state: "used", used_by: won.requested_by, operation: won.id }]);
  const ledger = (await newest(20)).filter(({ action }) => /^(approval|approve|rollback$)/.test(action));
  expect(ledger.map(({ action, operator }) => `${action} ${operator}`)).toEqual([
    "approval.asked Ada (u1)",
    "approve.refused Ada (u1)",
    "approve.refused Eve (u1)",
    "approval.approved Ada (u4)",
    "approve.refused Ada (u4)",
    `approval.used ${won.requested_by}`,
    `rollback ${won.requested_by}`,
  ]);
  expect(ledger[5]?.result).toMatchObject({ asked_by: "Ada (u1)", approved_by: "Ada (u4)" });
  // Back again is as critical; what is not critical needs nobody.
  expect(await post("/steps/3/reapply", { reason: "good again" })).toMatchObject({
    body: { code: "EB_PLAN_MISSING" },
  });
  expect(await post("/steps/2/rollback", { reason: "x" })).toMatchObject({ status: 200 });
});

test("an approval is for one plan: after a change of data it moves nothing and stays unused", async () => {
  const { id } = await ask(1, 3);
  await manager.approve(id, joan);
  const use = () => manager.rollbackSteps(1, 3, { ...grace, approval: id });
  await shelf.pool.query("update loans set book_id = null where id = 1");
  await expect(use()).rejects.toMatchObject({ code: "EB_PLAN_STALE", exitStatus: 3 });
  expect(await stateNow(id)).toBe("approved");
  await shelf.pool.query("update loans set book_id = 2 where id = 1");
  expect(await use()).toMatchObject({ operation: { state: "completed" } });
});

test("a request lapses an hour after it was made, an approval an hour after it was given", async () => {
  const late = await ask();
  day.advanceMs(3_600_000);
  expect(await stateNow(late.id)).toBe("expired");
  await expect(manager.approve(late.id, joan)).rejects.toMatchObject({ code: "EB_APPROVAL_OVER" });
  const { id } = await ask();
  expect(id).not.toBe(late.id);
  day.advanceMs(3_599_999);
  await manager.approve(id, joan);
  day.advanceMs(3_600_000);
  await Promise.all([
    manager.attendOnce(),
    managerOf({ clock })
      .withdraw(id, joan)
      .catch(() => undefined),
  ]);
  const expired = (await newest(30)).filter(({ action }) => action === "approval.expired");
  expect(expired.map(({ result }) => result)).toMatchObject([
    { approval: late.id, asked_by: "grace", approved_by: null },
    { approval: id, asked_by: "grace", approved_by: "joan" },
  ]);
  await expect(manager.rollbackStep(3, { ...grace, approval: id })).rejects.toMatchObject({
    code: "EB_APPROVAL_OVER",
  });
});

test("of a concurrent withdrawal and approval or use, one wins", async () => {
  const first = await ask();
  await Promise.allSettled([manager.approve(first.id, joan), manager.withdraw(first.id, grace)]);
  expect(await stateNow(first.id)).toBe("withdrawn");
  const { id } = await ask();
  await manager.approve(id, joan);
  // Withdrawn by a transaction that ends only when the move is about to begin.
  const other = await shelf.pool.connect();
  await other.query(`begin; update earlybird.approvals set state = 'withdrawn' where id = ${id}`);
  const use = manager.rollbackStep(3, { ...grace, approval: id }).catch((error: unknown) => error);
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await shelf.pool.query(waiting)).rowCount === 0);
  await other.query("commit");
  other.release();
  expect(await use).toMatchObject({ code: "EB_APPROVAL_OVER" });
  expect(await stateOf(3)).toBe("applied");
  expect((await manager.getOverview()).operation).not.toMatchObject({ state: "running" });
});

test("a request made before ids were rewritten cannot be approved", async () => {
  const { id } = await ask();
  day.advanceMs(1_000);
  await manager.rollbackStep(4, grace);
  await expect(manager.approve(id, joan)).rejects.toMatchObject({ code: "EB_APPROVAL_IDS_REWRITTEN" });
  await manager.withdraw(id, grace);
  day.advanceMs(1_000);
});

test.each(["resume", "abort"] as const)(
  "what was approved, and has failed on its way, needs no second approval to %s",
  async (goal) => {
    await shelf.pool.query("update loans set title = '' where id = 12");
    const { id } = await ask();
    await manager.approve(id, joan);
    await expect(manager.rollbackStep(3, { ...grace, approval: id })).rejects.toMatchObject({
      code: "EB_CHECKS_FAILED",
    });
    await shelf.pool.query("update loans set title = 'Emma' where id = 12");
    expect(await manager[goal](undefined, grace)).toMatchObject({
      operation: { state: goal === "abort" ? "aborted" : "completed" },
    });
    expect(await stateOf(3)).toBe(goal === "abort" ? "applied" : "rolled_back");
  },
);

test("a purge needs a second person, and destroys only the values parked at the time of the request", async () => {
  const purge = (more = {}) => post("/parked/3/purge", { reason: "x", acknowledge: "lose step 3", ...more });
  const askAndApprove = async () => {
    const { status, body } = await purge();
    expect({ status, body }).toMatchObject({
      status: 202,
      body: { approval: { action: "purge", steps: [3] } },
    });
    await manager.approve(body.approval.id, joan);
    return body.approval.id;
  };
  await shelf.manager.rollbackStep(3, grace);
  const stale = await askAndApprove();
  await shelf.manager.reapplyStep(3, grace);
  await shelf.manager.rollbackStep(3, grace);
  expect(await purge({ approval: stale })).toMatchObject({ status: 409, body: { code: "EB_PLAN_STALE" } });
  expect(await purge({ approval: await askAndApprove() })).toMatchObject({ status: 200, body: { step: 3 } });
  expect((await newest(2)).map(({ action, reason }) => [action, reason])).toEqual([
    ["approval.used", "x"],
    ["purge", "x"],
  ]);
});

describe("an override", () => {
  const overrides = async () =>
    (await shelf.pool.query("select raised_at from earlybird.overrides order by id")).rows;

  test("moves at once, has its own ledger entry, and raises an alert before the step moves", async () => {
    const override = "the shop burns";
    const answer = await post("/steps/3/rollback", { acknowledge: "no rules", override });
    expect(answer).toMatchObject({ status: 200, body: { operation: { reason: override } } });
    expect((await newest(2)).map(({ action, operation, reason }) => [action, operation, reason])).toEqual([
      ["override", answer.body.operation.id, override],
      ["rollback", answer.body.operation.id, override],
    ]);
    const alert = {
      type: "SECURITY_ALERT",
      severity: "critical",
      message: expect.stringContaining(override),
    };
    expect(server.alerts.active()).toMatchObject([alert]);
    await manager.attendOnce();
    expect(server.alerts.active()).toMatchObject([{ ...alert, details: { occurrences: 1 } }]);
    expect(await overrides()).toEqual([{ raised_at: clock.now() }]);
  });

  test("of a process without an alarm is raised by the next server that checks", async () => {
    const silent = managerOf({ clock });
    await silent.rollbackStep(3, { ...grace, override: "no server" });
    expect((await overrides())[1]).toEqual({ raised_at: null });
    const { alerts, stop } = await createAlerts();
    const other = managerOf({ clock });
    other.alertThrough(alerts);
    await other.attendOnce();
    expect(alerts.active()).toMatchObject([
      { message: expect.stringContaining("grace started a rollback of step 3") },
    ]);
    const { head } = await silent.verifyLedger();
    expect(alerts.active()[0]?.details.ledger).toBe(`${head.seq} ${head.hash}`);
    await stop();
  });

  test("is not recorded if no approval is needed", async () => {
    await manager.rollbackStep(2, { ...grace, override: "in a hurry" });
    expect(await overrides()).toHaveLength(2);
  });
});

test("a database of an earlier version gets its tables at the next start", async () => {
  await shelf.pool.query(`drop table earlybird.approvals, earlybird.overrides;
    alter table earlybird.steps drop until, drop remind_at; alter table earlybird.operations drop until`);
  await manager.install(grace);
  expect(await ask()).toMatchObject({ id: "1", state: "asked" });
});
