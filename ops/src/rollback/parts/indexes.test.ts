import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createPool } from "../../database/index.ts";
import { defineChange } from "../change/define-change.ts";
import type { EngineOptions } from "../engine/engine.ts";
import { RollbackManager } from "../manager.ts";
import { fingerprint } from "../preview/fingerprint.ts";
import { columns } from "./columns.ts";
import { index, indexes } from "./indexes.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const declared = { requires: [], risk: "none" } as const;
const found = defineChange({
  ...declared,
  step: 1,
  name: "found",
  title: "Pages are found",
  parts: [
    indexes([
      { table: "Pages", columns: ["words", "at desc"] },
      { table: "parts", columns: ["at"] },
    ]),
  ],
});

let database: TestDatabase;
let pool: pg.Pool;
let manager: RollbackManager;
beforeEach(async () => {
  database = await createTestDatabase();
  ({ pool } = database);
  await pool.query(`
    create table "Pages" (id integer primary key, words text, at integer);
    create table parts (id integer, at integer, primary key (id, at)) partition by range (at);
    create table parts_1 partition of parts for values from (0) to (10);
    insert into "Pages" select n, 'word ' || n, n from generate_series(1, 100) n`);
  manager = new RollbackManager({
    pool,
    changes: [found],
    log: quiet,
    patience: { attemptMs: 100, limitMs: 600 },
  });
});
afterEach(() => database.drop());

const managerWith = (options: Partial<EngineOptions>) =>
  new RollbackManager({ pool, changes: [found], log: quiet, ...options });

const definitions = async () =>
  (await pool.query("select indexdef from pg_indexes where schemaname = 'public' order by 1")).rows;

test("an index of the wanted name that the change did not make is refused, whatever kind it is", async () => {
  await pool.query(`create unique index "Pages_words_at_desc_idx" on "Pages" (words)`);
  const before = await definitions();
  await expect(manager.install(asked)).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
    detail: expect.stringContaining("The name Pages_words_at_desc_idx of the index on Pages is taken"),
  });
  expect(await definitions()).toEqual(before);
  const parked = defineChange({
    ...declared,
    step: 2,
    name: "parked",
    title: "Pages are parked",
    parts: [columns("Pages", { note: { type: "text" } }), index("Pages", ["words", "at desc"])],
  });
  await expect(
    new RollbackManager({ pool, changes: [parked], log: quiet }).install(asked),
  ).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
  });
});

test("a user's changes to an index are restored exactly: uniqueness, operator classes, comment and clustering", async () => {
  await manager.install(asked);
  await pool.query(`
    drop index "Pages_words_at_desc_idx";
    create unique index "Pages_words_at_desc_idx" on "Pages" (words text_pattern_ops) include (at) with (fillfactor = 70);
    comment on index "Pages_words_at_desc_idx" is 'mind the words';
    alter table "Pages" cluster on "Pages_words_at_desc_idx"`);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const before = await fingerprint(db);
  const was = await definitions();
  const marks = `select obj_description('"Pages_words_at_desc_idx"'::regclass, 'pg_class') as comment,
    (select indisclustered from pg_index where indexrelid = '"Pages_words_at_desc_idx"'::regclass) as clustered`;
  const marked = (await pool.query(marks)).rows;
  await manager.rollbackStep(1, asked);
  expect(await definitions()).not.toEqual(was);
  await manager.reapplyStep(1, asked);
  expect(await definitions()).toEqual(was);
  expect((await pool.query(marks)).rows).toEqual(marked);
  expect(await fingerprint(db)).toEqual(before);
  expect(await manager.prove({ steps: [1], range: false }, asked)).toMatchObject({ proven: true });
});

test.each([
  [
    "the replica identity",
    `alter table "Pages" replica identity using index "Pages_words_at_desc_idx"`,
    'the replica identity of "Pages"',
  ],
  [
    "a constraint",
    `alter table "Pages" add constraint "Pages_words_at_desc_idx" unique using index "Pages_words_at_desc_idx"`,
    'constraint "Pages_words_at_desc_idx" of "Pages"',
  ],
  [
    "a foreign key",
    `create table public.quotes (words text references "Pages" (words))`,
    'constraint "quotes_words_fkey" of quotes',
  ],
])("an index that %s needs is not dropped", async (_, need, named) => {
  await manager.install(asked);
  await pool.query(`
    drop index "Pages_words_at_desc_idx"; alter table "Pages" alter words set not null;
    create unique index "Pages_words_at_desc_idx" on "Pages" (words)`);
  await pool.query(need);
  const before = await definitions();
  await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
    detail: expect.stringContaining(named),
  });
  expect(await definitions()).toEqual(before);
});

test("a rollback that is refused for want of a lock has dropped no index, and a re-apply has built none", async () => {
  await manager.install(asked);
  const before = await definitions();
  const writer = await pool.connect();
  const hold = "begin; select earlybird.hold_steps()";
  await writer.query(hold);
  await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
  expect(await definitions()).toEqual(before);
  await writer.query("commit");
  await manager.resume(undefined, asked);
  const dropped = await definitions();
  expect(dropped).toHaveLength(before.length - 3);
  await writer.query(hold);
  await expect(manager.reapplyStep(1, asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
  expect(await definitions()).toEqual(dropped);
  await writer.query("commit");
  writer.release();
  await manager.resume(undefined, asked);
  expect(await definitions()).toEqual(before);
});

test("a drop that waits for an old transaction gives up in time, names it, and is finished by resume", async () => {
  await manager.install(asked);
  const reader = await pool.connect();
  await reader.query(`begin isolation level repeatable read; select count(*) from "Pages"`);
  await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
    detail: expect.stringContaining(`select count(*) from "Pages"`),
    remedy: expect.stringContaining("resume"),
  });
  await reader.query("commit");
  reader.release();
  const { operation } = await manager.resume(undefined, asked);
  expect(operation?.state).toBe("completed");
  await manager.reapplyStep(1, asked);
});

test("obstacles are also checked when an operation is resumed", async () => {
  await manager.install(asked);
  const writer = await pool.connect();
  await writer.query("begin; select earlybird.hold_steps()");
  await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
  await writer.query("commit");
  writer.release();
  await pool.query(`
    alter table "Pages" alter words set not null; drop index "Pages_words_at_desc_idx";
    create unique index "Pages_words_at_desc_idx" on "Pages" (words);
    alter table "Pages" replica identity using index "Pages_words_at_desc_idx"`);
  await expect(manager.resume(undefined, asked)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED" });
  await pool.query(`alter table "Pages" replica identity default`);
  expect((await manager.resume(undefined, asked)).operation?.state).toBe("completed");
});

test("a sequence of the wanted name is refused before anything is written", async () => {
  await pool.query("create sequence parts_at_idx");
  await expect(manager.install(asked)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED" });
  expect(await definitions()).toHaveLength(3);
});

test("an index created by a user while the step is rolled back is neither adopted nor dropped", async () => {
  await manager.install(asked);
  await manager.rollbackStep(1, asked);
  await pool.query(`create index "Pages_words_at_desc_idx" on "Pages" (words)`);
  const made = await definitions();
  await expect(manager.reapplyStep(1, asked)).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
    detail: expect.stringContaining("Pages_words_at_desc_idx"),
  });
  const [step] = await manager.check(1);
  expect(step?.findings.map(({ code }) => code)).toContain("index-exists");
  expect(await definitions()).toEqual(made);
  await pool.query(`alter index "Pages_words_at_desc_idx" rename to made_by_hand`);
  await manager.reapplyStep(1, asked);
  expect((await definitions()).length).toBe(made.length + 3);
});

test("statistics targets of an index come back", async () => {
  await manager.install(asked);
  await pool.query(`
    drop index "Pages_words_at_desc_idx";
    create index "Pages_words_at_desc_idx" on "Pages" (at, lower(words));
    alter index "Pages_words_at_desc_idx" alter column 2 set statistics 700`);
  await manager.rollbackStep(1, asked);
  await manager.reapplyStep(1, asked);
  const targets = `select attnum, attstattarget from pg_attribute
    where attrelid = '"Pages_words_at_desc_idx"'::regclass and attstattarget >= 0`;
  expect((await pool.query(targets)).rows).toEqual([{ attnum: 2, attstattarget: 700 }]);
});

test("an index comes back where it was, and the connection goes on with its own tablespace", async () => {
  const [elsewhere, usual] = ["elsewhere", "usual"].map((name) => `${name}_${Date.now()}`);
  const client = await pool.connect();
  await client.query("set allow_in_place_tablespaces = on");
  await client.query(`create tablespace ${elsewhere} location ''`);
  await client.query(`create tablespace ${usual} location ''`);
  client.release(true);
  const { pathname } = new URL(database.url);
  await pool.query(`alter database ${pathname.slice(1)} set default_tablespace = ${usual}`);
  const lone = createPool(database.url, { max: 2 });
  const there = managerWith({ pool: lone });
  await there.install(asked);
  await pool.query(`alter index "Pages_words_at_desc_idx" set tablespace ${elsewhere}`);
  await there.rollbackStep(1, asked);
  await there.reapplyStep(1, asked);
  const places = `select tablespace from pg_indexes where indexname like '%words_at_desc_idx'`;
  expect((await pool.query(places)).rows).toEqual([{ tablespace: elsewhere }]);
  expect((await lone.query("show default_tablespace")).rows).toEqual([{ default_tablespace: usual }]);
  await lone.end();
  await pool.query(`drop index "Pages_words_at_desc_idx", parts_at_idx`);
  await pool.query(`drop tablespace ${elsewhere}`);
});

test("an index that an earlier version of the engine made is the change's own", async () => {
  await manager.install(asked);
  await pool.query(`delete from earlybird.own_indexes;
    drop index "Pages_words_at_desc_idx";
    create unique index "Pages_words_at_desc_idx" on "Pages" (words)`);
  const before = await definitions();
  await manager.rollbackStep(1, asked);
  await manager.reapplyStep(1, asked);
  expect(await definitions()).toEqual(before);
});

test("two indexes whose names PostgreSQL would cut to the same are refused where they are declared", () => {
  const long = "a_column_with_a_name_that_is_almost_as_long_as_a_name_can_be";
  const change = (step: number, ...tables: string[]) =>
    defineChange({
      ...declared,
      step,
      name: `step-${step}`,
      title: "Indexed",
      parts: tables.map((table) => index(table, [long])),
    });
  const wrong = expect.objectContaining({ code: "EB_CHANGE_DECLARATION" });
  expect(() => change(1, "pages", "pages")).toThrow(wrong);
  expect(() => managerWith({ changes: [change(1, "pages"), change(2, "pages")] })).toThrow(wrong);
  managerWith({ changes: [change(1, "pages"), change(2, "app.pages", "books")] });
});

test("a build that waits for an old transaction on another table gives up, names it, and leaves nothing", async () => {
  await manager.install(asked);
  const before = await definitions();
  await manager.rollbackStep(1, asked);
  const dropped = await definitions();
  const reader = await pool.connect();
  await reader.query(
    "begin isolation level repeatable read; select count(*) as pages_of_a_dump from pg_class",
  );
  await expect(manager.reapplyStep(1, asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
    detail: expect.stringContaining("pages_of_a_dump"),
  });
  expect(await definitions()).toEqual(dropped);
  await reader.query("commit");
  reader.release();
  await manager.resume(undefined, asked);
  expect(await definitions()).toEqual(before);
});

test("a build that was interrupted leaves an index that is known as the change's, and is built anew", async () => {
  await manager.install(asked);
  const before = await definitions();
  await manager.rollbackStep(1, asked);
  const reader = await pool.connect();
  await reader.query(`begin isolation level repeatable read; select count(*) from "Pages"`);
  // Neither the build nor its removal can end beside this reader.
  await expect(manager.reapplyStep(1, asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
  const { rows } = await pool.query("select from pg_index where not indisvalid");
  expect(rows).toHaveLength(1);
  await reader.query("commit");
  reader.release();
  await manager.resume(undefined, asked);
  expect(await definitions()).toEqual(before);
});

test("a first application that waits for an old transaction gives up in time, and the next one goes on", async () => {
  const large = managerWith({ rowLimits: { atOnce: 10 }, patience: { attemptMs: 100, limitMs: 600 } });
  const reader = await pool.connect();
  await reader.query(
    "begin isolation level repeatable read; select count(*) as pages_of_a_dump from pg_class",
  );
  await expect(large.install(asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
    detail: expect.stringContaining("pages_of_a_dump"),
  });
  await reader.query("commit");
  reader.release();
  expect(await large.install(asked)).toEqual([1]);
  expect(await definitions()).toHaveLength(6);
});

test("a drop that ends in a deadlock is retried", async () => {
  await manager.install(asked);
  const before = await definitions();
  const patient = managerWith({ patience: { attemptMs: 100, limitMs: 10_000 } });
  const other = await pool.connect();
  await other.query(`begin; select count(*) from "Pages"`);
  const rolledBack = patient.rollbackStep(1, asked);
  const waiting = `select from pg_stat_activity where query like 'drop index concurrently%' and wait_event_type = 'Lock'`;
  while ((await pool.query(waiting)).rowCount === 0) await sleep(10);
  // What waits first is ended first: the drop has waited for less than a second.
  await other.query(`lock table "Pages" in share update exclusive mode`);
  await other.query("commit");
  other.release();
  await rolledBack;
  expect(await definitions()).toHaveLength(before.length - 3);
});

test("an index of a partitioned table waits for its lock in short attempts, and a person is told that writers wait", async () => {
  await manager.install(asked);
  const patient = managerWith({ patience: { attemptMs: 100, limitMs: 3_000 } });
  const reader = await pool.connect();
  await reader.query("begin; select count(*) from parts");
  const refused = expect(patient.rollbackStep(1, asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
  });
  let over = false;
  const waits: number[] = [];
  refused.finally(() => {
    over = true;
  });
  while (!over) {
    const fromMs = performance.now();
    await pool.query("select count(*) from parts");
    waits.push(performance.now() - fromMs);
    await sleep(10);
  }
  await refused;
  expect(Math.max(...waits)).toBeLessThan(1_500);
  await reader.query("commit");
  reader.release();
  await patient.resume(undefined, asked);
  const [step] = await patient.check(1);
  expect(step?.findings).toMatchObject([
    { code: "index-holds-writers", detail: expect.stringContaining("parts") },
  ]);
});
