import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { parseSteps } from "../change/step-range.ts";
import type { OperationRequest } from "../engine/request.ts";
import { fingerprint } from "../preview/fingerprint.ts";

const asked: OperationRequest = { requestedBy: "ada", origin: "test" };
let shelf: Shelf;
beforeAll(async () => {
  shelf = await createShelf();
});
afterAll(() => shelf?.drop());

describe("a refusal has its code and exit status, changes nothing, and is in the ledger", () => {
  test.each<[string, string, string, number, Partial<OperationRequest>]>([
    ["a dependent step", "1", "EB_STEP_HAS_DEPENDENTS", 4, {}],
    ["a range with a gap", "1..1", "EB_RANGE_HAS_GAP", 4, { reason: "x" }],
    ["a missing reason", "2", "EB_REASON_MISSING", 6, {}],
    ["a reason of blanks", "2", "EB_REASON_MISSING", 6, { reason: "  " }],
    ["a missing acknowledgement", "3", "EB_ACKNOWLEDGEMENT_MISSING", 6, { reason: "x" }],
    [
      "a wrong acknowledgement",
      "3",
      "EB_ACKNOWLEDGEMENT_WRONG",
      6,
      { reason: "x", acknowledge: ["No Rules"] },
    ],
    ["a stale plan", "2", "EB_PLAN_STALE", 3, { reason: "x", plan: "0000000000000000" }],
  ])("%s", async (_, steps, code, exitStatus, request) => {
    const before = await fingerprint(shelf.db);
    const attempt = shelf.manager.run("rollback", parseSteps(steps, [1, 2, 3]), { ...asked, ...request });
    await expect(attempt).rejects.toMatchObject({ code, exitStatus, remedy: expect.stringMatching(/\w/) });
    expect(await fingerprint(shelf.db)).toEqual(before);
    const [entry] = await shelf.manager.readLedger({ limit: 1 });
    expect(entry).toMatchObject({ action: "rollback.refused", operator: "ada", result: { code } });
  });

  test("an unknown step is refused before anything is asked of the database", () => {
    expect(() => shelf.manager.rollbackStep(9, asked)).toThrowError(
      expect.objectContaining({ code: "EB_STEP_UNKNOWN", exitStatus: 2 }),
    );
  });
});

test("a plan holds until the rows it counted change", async () => {
  const { plan } = await shelf.manager.dryRunRollback(2);
  expect((await shelf.manager.dryRunRollback(2)).plan).toEqual(plan);
  await shelf.pool.query(
    "insert into loans (id, title, state, state_before) values (90, 'Kim', 'closed', 'out')",
  );
  const request = { ...asked, reason: "x", plan: plan.hash };
  await expect(shelf.manager.rollbackStep(2, request)).rejects.toMatchObject({ code: "EB_PLAN_STALE" });
  const fresh = await shelf.manager.dryRunRollback(2);
  const result = await shelf.manager.rollbackStep(2, { ...request, plan: fresh.plan.hash });
  expect(result.steps[0]?.rows).toEqual(fresh.steps[0]?.rows);
  await shelf.manager.reapplyStep(2, asked);
});

test("a step that is rolled back already does not move, without an operation", async () => {
  const request = { ...asked, reason: "x" };
  await shelf.manager.rollbackStep(2, request);
  expect(await shelf.manager.rollbackStep(2, request)).toMatchObject({ operation: null, steps: [] });
  await shelf.manager.reapplyStep(2, request);
  expect(await shelf.manager.reapplyStep(2, request)).toMatchObject({ operation: null, steps: [] });
});

test("while one operation runs, another is refused with exit status 5 and its name", async () => {
  const client = await shelf.pool.connect();
  try {
    await client.query("select pg_advisory_lock(19301, 2)");
    await expect(shelf.manager.rollbackStep(2, { ...asked, reason: "x" })).rejects.toMatchObject({
      code: "EB_OPERATION_RUNNING",
      exitStatus: 5,
    });
  } finally {
    client.release(true);
  }
});

test("a long query that holds a table is named, and nothing has changed", async () => {
  const reader = await shelf.pool.connect();
  try {
    await reader.query("begin; select count(*) from loans");
    await expect(shelf.manager.rollbackStep(2, { ...asked, reason: "x" })).rejects.toMatchObject({
      code: "EB_LOCK_NOT_OBTAINED",
      exitStatus: 4,
      detail: expect.stringContaining("select count(*) from loans"),
      remedy: expect.stringContaining("pg_terminate_backend"),
    });
  } finally {
    await reader.query("rollback");
    reader.release();
  }
  expect((await shelf.manager.getStatus()).steps[1]).toMatchObject({
    step: 2,
    state: "applied",
    can_rollback: true,
  });
});

test("a lock that comes free in time is waited for, and others are not held up for longer than an attempt", async () => {
  const reader = await shelf.pool.connect();
  await reader.query("begin; select count(*) from loans");
  const rollback = shelf.manager.rollbackStep(2, { ...asked, reason: "x" });
  await new Promise((resolve) => setTimeout(resolve, 250));
  await reader.query("commit");
  reader.release();
  expect((await rollback).operation?.state).toBe("completed");
  await shelf.manager.reapplyStep(2, asked);
});
