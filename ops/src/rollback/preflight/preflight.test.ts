import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createPool } from "../../database/index.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "../parts/columns.ts";
import { table } from "../parts/table.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const change = (parts: Parameters<typeof defineChange>[0]["parts"]) =>
  defineChange({
    step: 1,
    name: "notes",
    title: "There are notes",
    requires: [],
    risk: "none",
    parts,
  });
const notes = change([
  columns("Loans", { note: { type: "text" } }),
  table("shelves", "id integer primary key"),
]);

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  ({ pool } = database);
  await pool.query(`create table "Loans" (id integer primary key, title text)`);
});
afterEach(() => database.drop());

const managerOn = (on: pg.Pool, changes = [notes]) =>
  new RollbackManager({ pool: on, changes, log: quiet, patience: { attemptMs: 100, limitMs: 600 } });

const codes = async (manager: RollbackManager) => {
  const [step] = await manager.check(1);
  return step?.findings.map(({ code, severity }) => `${severity} ${code}`);
};

/** A service's role that owns nothing of its own but what it is given. */
const role = "preflight_owner";
beforeAll(async () => {
  const server = await createTestDatabase();
  await server.pool.query(
    `do $$ begin create role ${role} login password 'p'; exception when duplicate_object then null; end $$`,
  );
  await server.drop();
});

test("a correct database has no findings, before the first application and in both states", async () => {
  const manager = managerOn(pool);
  expect(await manager.check()).toEqual([{ step: 1, name: "notes", state: "new", findings: [] }]);
  await manager.install(asked);
  expect(await codes(manager)).toEqual([]);
  await manager.rollbackStep(1, asked);
  expect(await manager.check(1)).toEqual([{ step: 1, name: "notes", state: "rolled_back", findings: [] }]);
  expect(() => manager.check(9)).toThrowError(expect.objectContaining({ code: "EB_STEP_UNKNOWN" }));
});

describe("obstacles are found before anything is written", () => {
  test.each([
    ["a table that is missing", `drop table "Loans"`, "blocks table-missing"],
    ["a view", `alter table "Loans" rename to l; create view "Loans" as select * from l`, "blocks no-table"],
    ["no primary key", `alter table "Loans" drop constraint "Loans_pkey"`, "blocks no-primary-key"],
    ["a rule", `create rule quiet as on delete to "Loans" do instead nothing`, "blocks rule"],
    ["inheritance", `create table old_loans () inherits ("Loans")`, "blocks inheritance"],
    [
      "a partition",
      `drop table "Loans"; create table all_loans (id integer primary key) partition by range (id);
       create table "Loans" partition of all_loans for values from (1) to (9)`,
      "blocks partition",
    ],
    ["a column of that name", `alter table "Loans" add note integer`, "blocks column-exists"],
    ["a table of that name", "create table shelves (id integer)", "blocks table-exists"],
    ["a publication", `create publication copies for table "Loans"`, "blocks published"],
  ])("%s", async (_, make, found) => {
    await pool.query(make);
    const manager = managerOn(pool);
    expect(await codes(manager)).toContain(found);
    await expect(manager.install(asked)).rejects.toMatchObject({
      code: "EB_STEP_OBSTRUCTED",
      exitStatus: 4,
      remedy: expect.stringMatching(/\w/),
    });
    const made = `select from pg_class where relname in ('shelves') and relkind = 'r' and reltuples = -1`;
    if (found !== "blocks table-exists") expect((await pool.query(made)).rowCount).toBe(0);
    expect((await manager.getStatus()).steps).toEqual([]);
  });

  test("names that the database truncates to the same name", async () => {
    const long = "a_name_that_is_as_long_as_a_name_can_possibly_be_without_being_cut";
    const manager = managerOn(pool, [
      change([columns("Loans", { [`${long}_1`]: { type: "text" }, [`${long}_2`]: { type: "text" } })]),
    ]);
    expect(await codes(manager)).toContain("blocks name-collision");
  });

  test("a published table whose subscribers are said to be prepared is let through", async () => {
    await pool.query(`create publication copies for table "Loans"`);
    const prepared = change([columns("Loans", { note: { type: "text" } }, { subscribersPrepared: true })]);
    await managerOn(pool, [prepared]).install(asked);
  });
});

describe("obstacles that appeared after the first application", () => {
  beforeEach(() => managerOn(pool).install(asked));

  test.each([
    ["a dropped twin", `alter table "Loans" drop eb1_empty_note`, "blocks column-missing"],
    ["a renamed column", `alter table "Loans" rename note to remark`, "blocks column-missing"],
    ["another type", `alter table "Loans" alter note type varchar(10)`, "blocks column-type"],
    ["a dropped table", "drop table shelves", "blocks table-missing"],
    ["no primary key any more", `alter table "Loans" drop constraint "Loans_pkey"`, "blocks no-primary-key"],
    ["a publication", `create publication copies for table "Loans"`, "blocks published"],
  ])("%s: status, check and the rollback say so, and nothing is changed", async (_, spoil, found) => {
    await pool.query(spoil);
    const manager = managerOn(pool);
    expect(await codes(manager)).toContain(found);
    expect((await manager.getStatus()).steps[0]).toMatchObject({ can_rollback: false });
    await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED" });
    expect((await manager.dryRunRollback(1)).executed).toBe(false);
    expect((await manager.getStatus()).steps[0]).toMatchObject({ state: "applied" });
  });

  test("a role that can read the parked values, and one that reads by name", async () => {
    await pool.query(`grant select on "Loans" to ${role}`);
    expect(await codes(managerOn(pool))).toEqual(["warns parked-readable"]);
    await pool.query(`revoke select on "Loans" from ${role}; grant select (id, note) on "Loans" to ${role}`);
    expect(await codes(managerOn(pool))).toEqual([]);
    await pool.query(`insert into "Loans" (id, note) values (1, 'secret')`);
    const reader = async (column: string) => {
      const client = await pool.connect();
      try {
        await client.query(`set role ${role}`);
        return (await client.query(`select ${column} from "Loans"`)).rows;
      } finally {
        client.release(true);
      }
    };
    await managerOn(pool).rollbackStep(1, asked);
    expect(await reader("note")).toEqual([{ note: null }]);
    await expect(reader("eb1_parked_note")).rejects.toThrow(/permission denied/);
    await managerOn(pool).reapplyStep(1, asked);
    expect(await reader("note")).toEqual([{ note: "secret" }]);
    await expect(reader("eb1_empty_note")).rejects.toThrow(/permission denied/);
  });
});

describe("as a role that is not a superuser", () => {
  let owner: pg.Pool;
  beforeEach(async () => {
    await pool.query(`grant create on database ${new URL(database.url).pathname.slice(1)} to ${role};
      grant usage, create on schema public to ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = "p";
    owner = createPool(url.href);
  });
  afterEach(async () => {
    await owner.end();
  });
  afterAll(async () => {
    const server = await createTestDatabase();
    await server.pool.query(`drop role if exists ${role}`).catch(() => undefined);
    await server.drop();
  });

  test("another's table is refused", async () => {
    expect(await codes(managerOn(owner))).toContain("blocks not-owner");
  });

  test("row-level security that hides rows from its owner is refused, rather than moving what can be seen", async () => {
    await pool.query(`alter table "Loans" owner to ${role}`);
    await managerOn(owner).install(asked);
    await pool.query(`alter table "Loans" enable row level security;
      create policy mine on "Loans" using (id > 1)`);
    expect(await codes(managerOn(owner))).toEqual([]);
    await pool.query(`alter table "Loans" force row level security`);
    expect(await codes(managerOn(owner))).toEqual(["blocks row-security"]);
    await expect(managerOn(owner).rollbackStep(1, asked)).rejects.toMatchObject({
      code: "EB_STEP_OBSTRUCTED",
    });
  });
});
