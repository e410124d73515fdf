import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import type { OnConflict } from "../change/change.ts";
import { fingerprint } from "../preview/fingerprint.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;
beforeEach(async () => {
  shelf = await createShelf();
  await shelf.manager.rollbackSteps(1, 2, asked);
  // Loan 2 was of the lost book and closed; loan 1 was of book 2, and gets another copy. Loan 5, of the lost
  // book too, is struck off.
  await shelf.pool.query(`insert into books values (4, 'Kim', false);
    update loans set state = 'mended' where id = 2; update loans set book_id = 4 where id = 1;
    delete from loans where id = 5`);
});
afterEach(() => shelf.drop());

const reapply = (onConflict?: OnConflict) =>
  shelf.manager.reapplySteps(1, 2, { ...asked, ...(onConflict && { onConflict }) });
const loan = async (id: number) => (await shelf.pool.query(`select * from loans where id = ${id}`)).rows[0];
const kept = async (operation: string | undefined) =>
  (await shelf.manager.getOperationDetails(operation ?? "")).kept_values.map(
    ({ step, key, outcome, written, parked }) => ({ step, key, outcome, written, parked }),
  );
const deleted = {
  step: 2,
  key: "5",
  outcome: "deleted",
  written: null,
  parked: { state: "closed" },
};

describe("a value edited while its step was rolled back", () => {
  test.each<[string, OnConflict | undefined]>([
    ["by default", undefined],
    ["with keep", "keep"],
  ])("stands %s, and what was parked for it is listed", async (_, onConflict) => {
    const { operation } = await reapply(onConflict);
    expect(await loan(1)).toMatchObject({ book_id: 4 });
    expect(await loan(2)).toMatchObject({ state: "mended" });
    expect(await kept(operation?.id)).toEqual([
      { step: 1, key: "1", outcome: "kept", written: { book_id: 4 }, parked: { book_id: 2 } },
      { step: 2, key: "2", outcome: "kept", written: { state: "mended" }, parked: { state: "closed" } },
      deleted,
    ]);
  });

  test("gives way with restore, and is listed", async () => {
    const { operation } = await reapply("restore");
    expect(await loan(1)).toMatchObject({ book_id: 2 });
    expect(await loan(2)).toMatchObject({ state: "closed" });
    expect(await kept(operation?.id)).toEqual([
      { step: 1, key: "1", outcome: "restored", written: { book_id: 4 }, parked: { book_id: 2 } },
      { step: 2, key: "2", outcome: "restored", written: { state: "mended" }, parked: { state: "closed" } },
      deleted,
    ]);
  });

  test("refuses the re-apply with fail, and nothing is changed", async () => {
    const before = await fingerprint(shelf.db);
    await expect(reapply("fail")).rejects.toMatchObject({ code: "EB_CONFLICTS", exitStatus: 4 });
    expect(await fingerprint(shelf.db)).toEqual(before);
  });
});

test("a dry run reports the same conflicts as the move", async () => {
  const rehearse = (onConflict: OnConflict) =>
    shelf.manager.dryRun("reapply", { steps: [1, 2], range: true }, { onConflict });
  const { steps, plan } = await rehearse("keep");
  expect(steps[1]?.rows).toContainEqual({ table: "loans", action: "kept", rows: 1 });
  expect(steps[1]?.rows).toContainEqual({ table: "loans", action: "deleted", rows: 1 });
  expect((await rehearse("restore")).plan).not.toEqual(plan);
  await expect(rehearse("fail")).rejects.toMatchObject({ code: "EB_CONFLICTS" });
  expect((await shelf.manager.reapplySteps(1, 2, { ...asked, plan: plan.hash })).operation?.state).toBe(
    "completed",
  );
});
