import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;

beforeEach(async () => {
  shelf = await createShelf();
  await shelf.manager.rollbackSteps(1, 2, asked);
  await shelf.manager.reapplySteps(1, 2, asked);
});
afterEach(() => shelf.drop());

/** What somebody with all rights over the database could do, against its own refusal. */
const tamper = async (statement: string) => {
  await shelf.pool.query(`begin; alter table earlybird.ledger disable trigger all; ${statement};
    alter table earlybird.ledger enable trigger all; commit`);
  return shelf.manager.verifyLedger();
};

test("each entry tells who did what, why and with which result", async () => {
  const [newest] = await shelf.manager.readLedger({ limit: 1 });
  expect(newest).toMatchObject({
    action: "reapply",
    steps: [2],
    operator: "ada",
    origin: "test",
    reason: "practice",
  });
  expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true, entries: 7, faults: [] });
});

test("the database refuses to change or remove an entry", async () => {
  for (const statement of [
    "update earlybird.ledger set entry = '{}'",
    "delete from earlybird.ledger",
    "truncate earlybird.ledger",
  ]) {
    await expect(shelf.pool.query(statement)).rejects.toThrow(/append-only/);
  }
});

describe("verification finds an entry that was", () => {
  test("edited", async () => {
    const result = await tamper(
      "update earlybird.ledger set entry = replace(entry, 'ada', 'bob') where seq = 4",
    );
    expect(result).toMatchObject({ ok: false, faults: ["Entry 4 was edited."] });
  });

  test("edited and hashed anew", async () => {
    const result = await tamper(`update earlybird.ledger set entry = replace(entry, 'ada', 'bob'),
      hash = encode(sha256(convert_to(seq || E'\\n' || prev_hash || E'\\n' || replace(entry, 'ada', 'bob'), 'UTF8')), 'hex') where seq = 4`);
    expect(result.faults).toEqual(["Entry 5 does not follow entry 4."]);
  });

  test("removed", async () => {
    expect((await tamper("delete from earlybird.ledger where seq = 4")).faults).toEqual([
      "Entries 4 to 4 are missing.",
    ]);
  });

  test("reordered", async () => {
    const result = await tamper(`update earlybird.ledger set seq = 100 where seq = 4;
      update earlybird.ledger set seq = 4 where seq = 5; update earlybird.ledger set seq = 5 where seq = 100`);
    expect(result.ok).toBe(false);
    expect(result.faults).toContain("Entry 4 does not follow entry 3.");
  });

  test("truncated from the end", async () => {
    const result = await tamper("delete from earlybird.ledger where seq >= 6");
    expect(result.faults).toEqual([
      "Entry 6, which last moved step 1, is missing or was replaced.",
      "Entry 7, which last moved step 2, is missing or was replaced.",
    ]);
  });

  test("truncated after a refusal, which only the printed head can tell", async () => {
    await shelf.manager.rollbackStep(3, asked).catch(() => undefined);
    const { head } = await shelf.manager.verifyLedger();
    await tamper("delete from earlybird.ledger where seq = 8");
    expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true });
    expect(await shelf.manager.verifyLedger(head.hash)).toMatchObject({ ok: false });
  });
});

test("a rewritten past is found by a head that was written down", async () => {
  const { head } = await shelf.manager.verifyLedger();
  expect(await shelf.manager.verifyLedger(head.hash)).toMatchObject({ ok: true });
  expect((await shelf.manager.verifyLedger("f".repeat(64))).faults).toEqual([
    `No entry has the hash ${"f".repeat(64)}: the ledger was cut short or rewritten.`,
  ]);
});
