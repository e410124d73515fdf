import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { defineChange, releaseTimeOf } from "./change/define-change.ts";
import { RollbackManager } from "./manager.ts";
import { backfill } from "./parts/backfill.ts";
import { behaviour } from "./parts/behaviour.ts";
import { columns } from "./parts/columns.ts";
import { rows } from "./parts/rows.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "release 2" };
const base = { risk: "none", requires: [] } as const;
const initials = defineChange({
  ...base,
  step: 1,
  name: "initials",
  title: "Authors have initials",
  parts: [
    columns("authors", { initial: { type: "text" } }),
    backfill("authors", "initial", { value: sql`left(this.name, 1)` }),
    behaviour("initials"),
  ],
});
const greetings = defineChange({
  ...base,
  step: 2,
  requires: [1],
  name: "greetings",
  title: "Authors have greetings",
  parts: [columns("authors", { greeting: { type: "text" } })],
});

let database: TestDatabase;
/** The version that knows the steps, and the one before it. */
let green: RollbackManager;
let blue: RollbackManager;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    "create table authors (id text primary key, name text); insert into authors values ('a', 'Ada'), ('b', 'Bo')",
  );
  const options = { pool: database.pool, log: quiet };
  green = new RollbackManager({ ...options, changes: [initials, greetings] });
  blue = new RollbackManager({ ...options, changes: [] });
});
afterEach(() => database.drop());

const authors = async () =>
  (await database.pool.query("select id, initial from authors order by id")).rows.map(
    ({ id, initial }) => `${id} ${initial}`,
  );
const stateOf = async (step: number) =>
  (await database.pool.query("select state from earlybird.steps where step = $1", [step])).rows[0]?.state;

test("an installation applies the given steps alone, and none if none is given", async () => {
  expect(await green.install(asked, { only: [] })).toEqual([]);
  expect(await stateOf(1)).toBeUndefined();
  await expect(green.install(asked, { only: [2] })).rejects.toMatchObject({
    code: "EB_STEP_LACKS_REQUIREMENTS",
    detail: "Step 2 requires 1, which must be applied first.",
  });
  await expect(green.install(asked, { only: [7] })).rejects.toMatchObject({ code: "EB_STEP_UNKNOWN" });
  expect(await green.install(asked, { only: [1] })).toEqual([1]);
  expect(await stateOf(2)).toBeUndefined();
  expect(await green.install(asked, { only: [2, 1] })).toEqual([2]);
  expect(await stateOf(2)).toBe("applied");
});

test("what a version that does not know the step wrote meanwhile is filled, and recorded once", async () => {
  await green.install(asked, { only: [1] });
  // A start of the version before leaves the steps that it does not know alone.
  expect(await blue.install(asked)).toEqual([]);
  await database.pool.query("insert into authors (id, name) values ('c', 'Cy')");
  expect(await authors()).toEqual(["a A", "b B", "c null"]);
  expect(await green.settle([1, 2], asked)).toEqual([
    { step: 1, rows: [{ table: "authors", action: "filled", rows: 1 }] },
  ]);
  expect(await authors()).toEqual(["a A", "b B", "c C"]);
  expect(await green.settle([1], asked)).toEqual([{ step: 1, rows: [] }]);
  const ledger = await green.readLedger({ limit: 10 });
  expect(ledger.filter(({ action }) => action === "settle")).toMatchObject([
    { steps: [1], reason: "release 2" },
  ]);
  expect(await green.verifyLedger()).toMatchObject({ ok: true });
});

test("a step that is rolled back with its release keeps its values, and blue's rows are filled when it returns", async () => {
  await green.install(asked, { only: [1] });
  await green.rollbackStep(1, asked);
  expect(await green.settle([1], asked)).toEqual([]);
  await database.pool.query("insert into authors (id, name) values ('c', 'Cy')");
  await green.reapplyStep(1, asked);
  expect(await authors()).toEqual(["a A", "b B", "c C"]);
});

test("columns and backfills come before a release serves, rows after the old version has stopped", () => {
  expect(releaseTimeOf(initials)).toBe("before");
  const turned = defineChange({
    ...base,
    step: 3,
    name: "shouted",
    title: "Names are shouted",
    parts: [
      rows("authors", {
        turned: sql`this.name = 'ADA'`,
        undo: { name: sql`'Ada'` },
        missed: { journals: ["authors"], rows: () => sql`select`, set: { name: sql`'ADA'` } },
      }),
    ],
  });
  expect(releaseTimeOf(turned)).toBe("after");
  expect(releaseTimeOf({ ...turned, release: "before" })).toBe("before");
});
