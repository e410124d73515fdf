import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { fingerprint } from "../preview/fingerprint.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;
beforeEach(async () => {
  shelf = await createShelf();
});
afterEach(() => shelf.drop());

const loan = async (id: number) => (await shelf.pool.query(`select * from loans where id = ${id}`)).rows[0];

/** Rolls back both steps, lets `meanwhile` happen, and re-applies them. */
const around = async (meanwhile: string) => {
  await shelf.manager.rollbackSteps(1, 2, asked);
  await shelf.pool.query(meanwhile);
  return shelf.manager.reapplySteps(1, 2, asked);
};

describe("rolled back", () => {
  test("the column exists, empty, and the old version can write", async () => {
    await shelf.manager.rollbackSteps(1, 2, asked);
    expect((await shelf.pool.query("select distinct book_id, state_before from loans")).rows).toEqual([
      { book_id: null, state_before: null },
    ]);
    expect((await shelf.pool.query("select count(*) from loans where state = 'closed'")).rows[0].count).toBe(
      0,
    );
    await shelf.pool.query("insert into loans (id, title) values (13, 'Emma')");
    await shelf.pool.query("delete from books where id = 1");
  });
});

describe("re-applying", () => {
  test("restores every row bit for bit if nothing was written", async () => {
    const before = await fingerprint(shelf.db);
    await around("select 1");
    expect(await fingerprint(shelf.db)).toEqual(before);
  });

  test("fills the rows born meanwhile, and reports those that match nothing", async () => {
    const result = await around("insert into loans (id, title) values (13, 'Emma'), (14, 'Unheard of')");
    expect(result.steps[0]?.rows).toEqual([
      { table: "loans", action: "restored", rows: 12 },
      { table: "loans", action: "filled", rows: 1 },
      { table: "loans", action: "unmatched", rows: 1 },
    ]);
    expect(await loan(13)).toMatchObject({ book_id: 1 });
    expect(await loan(14)).toMatchObject({ book_id: null });
  });

  test("leaves a row alone that had no value before and was not touched meanwhile", async () => {
    await shelf.pool.query("insert into loans (id, title) values (20, 'Kim')");
    await around("select 1");
    expect(await loan(20)).toMatchObject({ book_id: null });
  });

  test("keeps a value written meanwhile, and records the parked one", async () => {
    const result = await around("update loans set book_id = 2, title = 'Kim' where id = 12");
    expect(await loan(12)).toMatchObject({ book_id: 2 });
    expect(result.steps[0]?.rows).toContainEqual({ table: "loans", action: "kept", rows: 1 });
    const { kept_values } = await shelf.manager.getOperationDetails(result.operation?.id ?? "");
    expect(kept_values).toEqual([
      {
        step: 1,
        table: "loans",
        key: "12",
        outcome: "kept",
        written: { book_id: 2 },
        parked: { book_id: 1 },
      },
    ]);
    expect(
      (await shelf.pool.query("select count(*) from loans where eb1_empty_book_id is not null")).rows[0]
        .count,
    ).toBe(0);
  });

  test("a value written meanwhile that refers to nothing is recorded and left out", async () => {
    const result = await around("update loans set book_id = 77 where id = 12");
    expect(await loan(12)).toMatchObject({ book_id: 1 });
    expect(result.steps[0]?.rows).toContainEqual({ table: "loans", action: "dangling", rows: 1 });
  });

  test("a reference to a row deleted meanwhile comes back empty", async () => {
    await around("delete from books where id = 1");
    expect(await loan(12)).toMatchObject({ book_id: null });
  });

  test("a row edited meanwhile stays as it was edited, and what was parked is recorded", async () => {
    const result = await around("update loans set state = 'burnt' where id = 2");
    expect(await loan(2)).toMatchObject({ state: "burnt", book_id: 3 });
    expect(result.steps[1]?.rows).toEqual([
      { table: "loans", action: "restored", rows: 4 },
      { table: "loans", action: "restored", rows: 3 },
      { table: "loans", action: "kept", rows: 1 },
    ]);
    const { kept_values } = await shelf.manager.getOperationDetails(result.operation?.id ?? "");
    expect(kept_values).toEqual([
      {
        step: 2,
        table: "loans",
        key: "2",
        outcome: "kept",
        written: { state: "burnt" },
        parked: { state: "closed" },
      },
    ]);
  });

  test("a row deleted meanwhile stays deleted and is counted", async () => {
    const result = await around("delete from loans where id = 2");
    expect(result.steps[1]?.rows).toContainEqual({ table: "loans", action: "deleted", rows: 1 });
  });

  test("turns rows that the change would have turned", async () => {
    const result = await around("update books set lost = true where id = 2");
    expect(result.steps[1]?.rows).toContainEqual({ table: "loans", action: "filled", rows: 4 });
    expect(await loan(1)).toMatchObject({ state: "closed", state_before: "out" });
  });

  test("forgets the journal once nothing is rolled back", async () => {
    await around("insert into loans (id, title) values (13, 'Emma')");
    await shelf.pool.query("insert into loans (id, title) values (15, 'Emma')");
    expect((await shelf.pool.query("select * from earlybird.journal")).rows).toEqual([]);
  });
});

test("round trips use up no attribute numbers", async () => {
  const attributes = "select max(attnum) from pg_attribute where attrelid = 'loans'::regclass";
  const before = (await shelf.pool.query(attributes)).rows;
  for (let trip = 0; trip < 5; trip++) await around("select 1");
  expect((await shelf.pool.query(attributes)).rows).toEqual(before);
});

test("an object created on the empty column blocks the re-apply, and is named", async () => {
  await shelf.manager.rollbackSteps(1, 2, asked);
  await shelf.pool.query("create view lent as select id, book_id from loans");
  await expect(shelf.manager.reapplyStep(1, asked)).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
    detail: expect.stringMatching(/view "lent" depends on loans.book_id/),
  });
  await shelf.pool.query("drop view lent");
  await shelf.manager.reapplySteps(1, 2, asked);
});

describe("a dependent object that would follow the column blocks the rollback, and is named", () => {
  test.each([
    ["view", "create view overdue as select book_id from loans", /view "overdue" depends on loans.book_id/],
    ["default", "alter table loans alter book_id set default 1", /default "book_id"/],
    [
      "not-null constraint",
      "delete from loans where book_id is null; alter table loans alter book_id set not null",
      /not-null constraint/,
    ],
    ["check", "alter table loans add constraint real_book check (book_id > 0)", /check "real_book"/],
    ["policy", "create policy mine on loans using (book_id > 0)", /policy "mine"/],
    ["materialized view", "create materialized view m as select book_id from loans", /materialized view "m"/],
    [
      "function",
      "create function lent() returns bigint language sql begin atomic select count(book_id) from loans; end",
      /function "lent\(\)"/,
    ],
    ["publication", "create publication p for table loans where (book_id > 0)", /publication "p"/],
    [
      "foreign key from elsewhere",
      `update loans set book_id = null; alter table loans add constraint one unique (book_id);
       create table lent (id integer references loans (book_id))`,
      /foreign key "lent.lent_id_fkey"/,
    ],
    [
      "column grant by somebody else",
      `grant select (book_id) on loans to pg_monitor with grant option; set role pg_monitor;
       grant select (book_id) on loans to pg_read_all_stats; reset role`,
      /column grant/,
    ],
    [
      "trigger",
      `create function nothing() returns trigger language plpgsql as 'begin return new; end';
       create trigger watch before update of book_id on loans for each row execute function nothing()`,
      /trigger "watch"/,
    ],
  ])("%s", async (_, hang, words) => {
    await shelf.manager.rollbackStep(2, asked);
    await shelf.pool.query(hang);
    await expect(shelf.manager.rollbackStep(1, asked)).rejects.toMatchObject({
      code: "EB_STEP_OBSTRUCTED",
      exitStatus: 4,
      detail: expect.stringMatching(words),
    });
    const dryRun = await shelf.manager.dryRunRollback(1);
    expect(dryRun.steps[0]?.blocked_by).toContainEqual(expect.stringMatching(words));
    const { steps } = await shelf.manager.getStatus();
    expect(steps[0]?.can_rollback).toBe(false);
    expect(steps[0]?.blocked_by).toContainEqual(expect.stringMatching(words));
  });
});
