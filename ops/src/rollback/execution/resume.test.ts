import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import type { OperationRequest } from "../engine/request.ts";
import { type Fingerprint, fingerprint } from "../preview/fingerprint.ts";

const program = fileURLToPath(new URL("../../../../test/support/shelf-operator.ts", import.meta.url));
const grace: OperationRequest = {
  requestedBy: "grace",
  origin: "test",
  reason: "practice",
  acknowledge: ["no rules"],
};
const ada: OperationRequest = { requestedBy: "ada", origin: "test" };

let shelf: Shelf;
let before: Fingerprint;
beforeEach(async () => {
  shelf = await createShelf();
  before = await fingerprint(shelf.db);
});
afterEach(() => shelf.drop());

/** Steps that are rolled back. */
const away = async () =>
  (await shelf.manager.getStatus()).steps
    .filter(({ state }) => state === "rolled_back")
    .map(({ step }) => step);

/** While `work` runs, a reader keeps the loans: step 3 can go, steps 2 and 1 cannot. */
const whileLoansAreRead = async (work: () => Promise<void>) => {
  const reader = await shelf.pool.connect();
  try {
    await reader.query("begin; select count(*) from loans");
    await work();
  } finally {
    await reader.query("rollback");
    reader.release();
  }
};

/** An operator's process rolls back 3 to 1 and is killed, without a word, after step 3. */
const killed = () =>
  whileLoansAreRead(async () => {
    const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", program, shelf.url], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const exited = once(child, "exit");
    while ((await away()).length === 0) await sleep(20);
    child.kill("SIGKILL");
    await exited;
  });

/** The same range, which gives up on the lock after step 3. */
const locked = () =>
  whileLoansAreRead(async () => {
    await expect(shelf.manager.rollbackSteps(3, 1, grace)).rejects.toMatchObject({
      code: "EB_LOCK_NOT_OBTAINED",
    });
  });

/** The state that the last operation is in, once the dead process's session has ended. */
const lastState = async (state: string) =>
  expect.poll(async () => (await shelf.manager.listOperations(1))[0]?.state, { timeout: 10_000 }).toBe(state);

describe.each<[string, () => Promise<void>, string]>([
  ["killed in mid-range", killed, "interrupted"],
  ["without a lock in mid-range", locked, "failed"],
])("an operation %s", (_, stop, state) => {
  test("is between two steps, and resume completes it under the name of the person who resumes it", async () => {
    await stop();
    await lastState(state);
    expect(await away()).toEqual([3]);
    const result = await shelf.manager.resume(undefined, { ...ada, reason: "the lock is free now" });
    expect(result.operation).toMatchObject({ kind: "rollback", steps: [3, 2, 1], state: "completed" });
    expect(result.steps.map(({ step }) => step)).toEqual([2, 1]);
    expect(await away()).toEqual([1, 2, 3]);
    const { receipts, requested_by, failure } = await shelf.manager.getOperationDetails(
      result.operation?.id ?? "",
    );
    expect(requested_by).toBe("grace");
    expect(failure).toBeNull();
    // Step 3 was moved before, and is checked now; how long it took was written down with it.
    expect(
      receipts.map(({ step, checks }) => [step, checks.length > 0 && checks.every(({ ok }) => ok)]),
    ).toEqual([
      [3, true],
      [2, true],
      [1, true],
    ]);
    expect(receipts[0]?.duration_ms).toBeGreaterThan(0);
    const [last, , took] = await shelf.manager.readLedger({ limit: 3 });
    expect(took).toMatchObject({
      action: "resume",
      operator: "ada",
      reason: "the lock is free now",
      steps: [2, 1],
    });
    expect(last).toMatchObject({ action: "rollback", operator: "ada", steps: [1] });
    await shelf.manager.reapplySteps(1, 3, ada);
    expect(await fingerprint(shelf.db)).toEqual(before);
    expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true });
  });

  test("is reverted by abort without a trace", async () => {
    await stop();
    await lastState(state);
    const { operation } = await shelf.manager.abort(undefined, ada);
    expect(operation).toMatchObject({ state: "aborted" });
    expect(await away()).toEqual([]);
    expect(await fingerprint(shelf.db)).toEqual(before);
    await expect(shelf.manager.abort(operation?.id, ada)).rejects.toMatchObject({
      code: "EB_NOTHING_TO_RESUME",
    });
    const [refused, ...done] = await shelf.manager.readLedger({ limit: 3 });
    expect(refused).toMatchObject({ action: "abort.refused", result: { code: "EB_NOTHING_TO_RESUME" } });
    expect(done).toMatchObject([
      { action: "reapply", operator: "ada", steps: [3] },
      { action: "abort", operator: "ada", steps: [3] },
    ]);
  });
});

test("an interrupted operation is not taken for running while another command holds the lock", async () => {
  await killed();
  await lastState("interrupted");
  const rehearsal = shelf.manager.dryRunRollback(2);
  let done = false;
  const ended = rehearsal.finally(() => {
    done = true;
  });
  do expect((await shelf.manager.listOperations(1))[0]?.state).toBe("interrupted");
  while (!done);
  await ended;
});

describe("there is nothing to resume", () => {
  test.each(["resume", "abort"] as const)("by %s, after an operation that has ended well", async (goal) => {
    const { operation } = await shelf.manager.rollbackStep(3, grace);
    for (const id of [undefined, operation?.id]) {
      await expect(shelf.manager[goal](id, ada)).rejects.toMatchObject({
        code: "EB_NOTHING_TO_RESUME",
        exitStatus: 4,
      });
    }
    await expect(shelf.manager[goal]("77", ada)).rejects.toMatchObject({
      code: "EB_OPERATION_UNKNOWN",
      exitStatus: 2,
    });
    expect(await away()).toEqual([3]);
  });

  test("if another operation followed", async () => {
    await locked();
    const [failed] = await shelf.manager.listOperations(1);
    await shelf.manager.reapplyStep(3, ada);
    for (const goal of ["resume", "abort"] as const) {
      await expect(shelf.manager[goal](failed?.id, ada)).rejects.toMatchObject({
        code: "EB_OPERATION_OVERTAKEN",
        exitStatus: 4,
      });
    }
    expect(await fingerprint(shelf.db)).toEqual(before);
  });
});
