import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import type { Database } from "../change/change.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { identifiers } from "./identifiers.ts";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  await database.pool.query(`
    create domain code as text check (value <> '');
    create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table authors (id text primary key);
    create table short (id varchar(20) primary key);
    create table coded (id code primary key);
    create table numbered (id uuid primary key);
    create table loose (id text collate caseless primary key);
    create table tenants (tenant integer, id text, primary key (tenant, id));
    create table poems (id text primary key, author varchar(36) references authors (id));
    create table both_ids (of text references authors (id) references poems (id));
    create table quoting (id text primary key, quotes json);
    create table fine (id varchar primary key)`);
});
afterAll(() => database.drop());

const style = { before: "a-", now: "b_" };
const found = async (tables: string[], embedded: Parameters<typeof identifiers>[1] = {}) => {
  const part = identifiers(Object.fromEntries(tables.map((table) => [table, style])), embedded);
  return (await part.findings(db, 1, undefined)).map(({ code, severity, detail }) => [
    code,
    severity,
    detail,
  ]);
};

test.each([
  ["short", "id-type", "Column short.id holds ids of short and is of type character varying(20)"],
  ["coded", "id-type", "Column coded.id holds ids of coded and is of type code"],
  ["numbered", "id-type", "Column numbered.id holds ids of numbered and is of type uuid"],
  ["authors", "id-type", "Column poems.author holds ids of authors and is of type character varying(36)"],
  [
    "loose",
    "id-collation",
    "Column loose.id holds ids of loose, and its collation holds different ids equal",
  ],
  ["tenants", "id-not-key", "The primary key of tenants is (tenant, id), not the column id"],
])("ids of %s are refused before anything is written: %s", async (table, code, detail) => {
  expect(await found([table])).toContainEqual([code, "blocks", detail]);
});

test("a column that holds ids of two tables is refused", async () => {
  expect(await found(["authors", "poems"])).toContainEqual([
    "id-of-two-tables",
    "blocks",
    "Column both_ids.of holds ids of both authors and poems",
  ]);
});

test("documents that do not come back to the letter are refused", async () => {
  const embedded = { table: "quoting", column: "quotes", field: "poem", refers: "fine" };
  expect(await found(["fine"], { embedded: [embedded] })).toEqual([
    ["id-type", "blocks", "Column quoting.quotes holds ids of fine in documents and is of type json"],
  ]);
});

test("a table whose ids can be rewritten has no findings, nor has one that is missing", async () => {
  expect(await found(["fine", "absent"])).toEqual([]);
});

test("install and each move ask for these findings first", async () => {
  const change = defineChange({
    step: 1,
    name: "new-ids",
    title: "Ids are UUIDs",
    requires: [],
    risk: "none",
    parts: [identifiers({ fine: style })],
    impact: async () => [],
    verify: async () => [],
  });
  const manager = new RollbackManager({ pool: database.pool, changes: [change], log: quiet });
  const by = { requestedBy: "ada", origin: "test" };
  await database.pool.query("alter table fine alter id type varchar(30)");
  await expect(manager.install(by)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED" });
  await database.pool.query("alter table fine alter id type varchar");
  await manager.install(by);
  await database.pool.query("create table referring (fine varchar(10) references fine (id))");
  await expect(manager.rollbackStep(1, by)).rejects.toMatchObject({
    code: "EB_STEP_OBSTRUCTED",
    detail: expect.stringContaining("Column referring.fine holds ids of fine"),
  });
});
