import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { indexes } from "../parts/indexes.ts";
import { fingerprint } from "./fingerprint.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };

/** Step 4 is an index, and the query that it is there for. */
const quickTitles = defineChange({
  step: 4,
  name: "quick-titles",
  title: "Loans are found by title",
  requires: [],
  risk: "low",
  parts: [
    indexes([{ table: "loans", columns: ["title"] }], {
      hot: [{ name: "by title", query: async () => sql`select * from loans where title = 'Title 77'` }],
    }),
  ],
});

let shelf: Shelf;
/** For which a thousand rows are many. */
let cautious: RollbackManager;
beforeAll(async () => {
  shelf = await createShelf();
  await shelf.pool.query(`insert into loans (id, title, state, state_before)
    select n, 'Title ' || n, 'closed', 'out' from generate_series(101, 5000) n`);
  cautious = new RollbackManager({
    pool: shelf.pool,
    changes: [...shelfChanges, quickTitles],
    log: quiet,
    rowLimits: { dryRun: 1_000 },
  });
  await cautious.install(asked);
  await shelf.pool.query("vacuum analyze loans");
});
afterAll(() => shelf?.drop());

describe("a step that writes more rows than the limit", () => {
  test("is estimated, says so, and locks nothing", async () => {
    const { executed, steps } = await cautious.dryRunRollback(2);
    expect(executed).toBe(false);
    const [step] = steps;
    expect(step).toMatchObject({
      step: 2,
      locks: [],
      checks: [],
      warnings: [expect.stringContaining("--execute")],
    });
    expect(step?.rows[0]?.rows).toBeGreaterThan(3_000);
    expect(step?.duration_ms).toBeGreaterThan(0);
  });

  test("is executed and aborted on request", async () => {
    const before = await fingerprint(shelf.db);
    const { executed, steps } = await cautious.dryRunRollback(2, 2, { execute: true });
    expect(executed).toBe(true);
    expect(steps[0]?.rows).toContainEqual({ table: "loans", action: "returned", rows: 4904 });
    expect(await fingerprint(shelf.db)).toEqual(before);
  });

  test("accepts the hash of either dry run", async () => {
    const estimate = await cautious.dryRunRollback(2);
    const executed = await cautious.dryRunRollback(2, 2, { execute: true });
    expect(estimate.plan).not.toEqual(executed.plan);
    for (const { hash } of [estimate.plan, executed.plan]) {
      const { operation } = await cautious.rollbackStep(2, { ...asked, plan: hash });
      expect(operation).toMatchObject({ state: "completed", plan: hash });
      await cautious.reapplyStep(2, asked);
    }
    // One row more is noticed by what was counted, not by what was estimated.
    await shelf.pool.query(
      "insert into loans (id, title, state, state_before) values (99, 'x', 'closed', 'out')",
    );
    await expect(cautious.rollbackStep(2, { ...asked, plan: executed.plan.hash })).rejects.toMatchObject({
      code: "EB_PLAN_STALE",
      exitStatus: 3,
    });
  });

  test("does not keep a constant-time swap from being executed", async () => {
    expect(await cautious.dryRunRollback(3)).toMatchObject({ executed: true });
  });
});

describe("an index", () => {
  const lines = async (measure: boolean) => {
    const { steps } = await cautious.dryRunRollback(4, 4, { execute: true, measure });
    return new Map(steps[0]?.impact.map(({ label, value }) => [label, String(value)]));
  };

  test("is compared by the plans of its hot query, with and without it", async () => {
    const impact = await lines(false);
    expect([...impact.keys()]).toEqual(["by title: cost", "by title: plan"]);
    expect(impact.get("by title: plan")).toMatch(/loans_title_idx.* → Seq Scan on loans/);
  });

  test("is also measured on demand", async () => {
    expect((await lines(true)).get("by title: time")).toMatch(/^[\d.]+ → [\d.]+/);
  });

  test("is still there afterwards, valid", async () => {
    const { rows } = await shelf.pool.query(
      "select indisvalid from pg_index where indexrelid = 'loans_title_idx'::regclass",
    );
    expect(rows).toEqual([{ indisvalid: true }]);
  });
});

describe("the review of a change", () => {
  const changes = shelfChanges.map((change) =>
    change.step !== 3
      ? change
      : defineChange({
          ...change,
          review: async (db, direction) => {
            const { rows } = await sql<{ id: number }>`
              update books set title = title || ', reviewed' where id = 2 and title = 'Kim' returning id`.execute(
              db,
            );
            return rows.map(({ id }) => `${direction}: look at book ${id}`);
          },
        }),
  );

  test("warns in the dry run and in the receipt; what it writes is committed with the move alone", async () => {
    const reviewed = new RollbackManager({ pool: shelf.pool, changes, log: quiet });
    const warned = async () => (await reviewed.dryRunRollback(3)).steps[0]?.warnings;
    expect(await warned()).toEqual(["rollback: look at book 2"]);
    expect(await warned()).toEqual(["rollback: look at book 2"]);
    const { operation, steps } = await reviewed.rollbackStep(3, { ...asked, acknowledge: ["no rules"] });
    expect(steps[0]?.warnings).toEqual(["rollback: look at book 2"]);
    const kept = await reviewed.getOperationDetails(operation?.id ?? "");
    expect(kept.receipts[0]?.warnings).toEqual(["rollback: look at book 2"]);
    const back = await reviewed.reapplyStep(3, asked);
    expect(back.steps[0]?.warnings).toEqual([]);
  });
});
