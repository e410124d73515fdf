import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { Failure } from "../../core/failure.ts";
import { createPool } from "../../database/index.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { backfill } from "../parts/backfill.ts";
import { columns } from "../parts/columns.ts";
import { rows } from "../parts/rows.ts";
import type { Certificate } from "../preview/prove.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const changeWith = (undo: string) =>
  defineChange({
    step: 1,
    name: "graded",
    title: "Loans are graded",
    requires: [],
    risk: "none",
    parts: [
      columns("loans", { graded_on: { type: "date" } }),
      rows("loans", {
        turned: sql`this.grade > 0`,
        undo: { grade: sql.raw(undo) },
        missed: { journals: [], rows: () => sql`false`, set: { grade: sql`1` } },
      }),
    ],
  });

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  ({ pool } = database);
  await pool.query(`
    create table loans (id integer primary key, grade integer check (grade > -9));
    insert into loans values (1, 5);
    create function alter_loans() returns integer language plpgsql as $$
      begin alter table loans set (fillfactor = 90); return 0; end $$;
    create function forbid_writes() returns integer language plpgsql as $$
      begin set transaction_read_only = on; return 0; end $$;
    create function fail(code text) returns integer language plpgsql as $$
      begin raise exception 'no' using errcode = code; end $$`);
});
afterEach(() => database.drop());

const managerOn = (on: pg.Pool, undo = "0") =>
  new RollbackManager({
    pool: on,
    changes: [changeWith(undo)],
    log: quiet,
    patience: { attemptMs: 100, limitMs: 600 },
  });

const exitStatus = expect.toSatisfy((status) => status === 4 || status === 1);
const refusal = { name: "Failure", remedy: expect.stringMatching(/\w/), exitStatus };

describe("a step that the database refuses", () => {
  test.each([
    ["a value out of range", "2147483647 + this.grade", "EB_VALUE_OUT_OF_RANGE", "22003"],
    ["a violated constraint", "-10", "EB_CONSTRAINT_VIOLATED", "23514"],
    ["a table that is missing", "(select max(n) from nowhere)", "EB_TABLE_MISSING", "42P01"],
    ["a value that is no number", "'many'::text::integer", "EB_VALUE_OUT_OF_RANGE", "22P02"],
    ["a table that is in use", "alter_loans()", "EB_TABLE_IN_USE", "55006"],
    ["a database that is read only", "forbid_writes()", "EB_DATABASE_READ_ONLY", "25006"],
    ["a value too large", "length(repeat('x', 1100000000))", "EB_DATABASE_LIMIT", "54000"],
    ["a function that is missing", "graded()", "EB_OPERATION_FAILED", "42883"],
    ["a disk that is full", "fail('53100')", "EB_DATABASE_OUT_OF_RESOURCES", "53100"],
    ["a serialization failure", "fail('40001')", "EB_LOCK_NOT_OBTAINED", "40001"],
    ["an error of a function", "fail('P0001')", "EB_OPERATION_FAILED", "P0001"],
  ])("%s: code, remedy, and the way on", async (_, undo, code, sqlstate) => {
    const manager = managerOn(pool, undo);
    await manager.install(asked);
    await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({
      ...refusal,
      code,
      remedy: expect.stringMatching(/resume.*abort/),
      extra: { sqlstate, operation: expect.any(String) },
    });
    await expect(manager.dryRunRollback(1)).rejects.toMatchObject({ ...refusal, code });
    await expect(manager.prove({ steps: [1], range: false }, asked)).rejects.toMatchObject({
      ...refusal,
      code,
    });
    const [entry] = await manager.readLedger({ limit: 1 });
    expect(entry).toMatchObject({ action: "prove.refused", result: { code } });
  });

  test("a cancelled statement", async () => {
    const manager = managerOn(pool, "(select 0 from pg_sleep(20))");
    await manager.install(asked);
    const refused = expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({
      ...refusal,
      code: "EB_STATEMENT_CANCELLED",
    });
    const cancel = `select pg_cancel_backend(pid) as done from pg_stat_activity where query like '%pg_sleep(20)%' and wait_event = 'PgSleep' and pid <> pg_backend_pid()`;
    while ((await pool.query(cancel)).rowCount === 0) await sleep(20);
    await refused;
  });
});

test("a database without the engine's tables is told from one that lacks a table of the service", async () => {
  const manager = managerOn(pool);
  await expect(manager.getStatus()).rejects.toMatchObject({ code: "EB_SCHEMA_MISSING" });
  await expect(manager.listOperations()).rejects.toMatchObject({ code: "EB_SCHEMA_MISSING" });
  await expect(manager.readAudit({ limit: 1 })).rejects.toMatchObject({ code: "EB_SCHEMA_MISSING" });
});

test("a role without rights is told what it lacks, by install, moves and status", async () => {
  const role = `guest_${Date.now()}`;
  await pool.query(`create role ${role} login password 'g'`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "g";
  const guest = createPool(url.href);
  try {
    await expect(managerOn(guest).install(asked)).rejects.toMatchObject({
      ...refusal,
      code: "EB_PERMISSION_DENIED",
      remedy: expect.stringMatching(/grant create on database test_\w+ to this role/),
    });
    await managerOn(pool).install(asked);
    await expect(managerOn(guest).getStatus()).rejects.toMatchObject({
      ...refusal,
      code: "EB_PERMISSION_DENIED",
      remedy: expect.stringContaining("grant usage, create on schema earlybird to this role"),
    });
    await expect(managerOn(guest).rollbackStep(1, asked)).rejects.toMatchObject({
      code: "EB_PERMISSION_DENIED",
    });
  } finally {
    await guest.end();
    await pool.query(`drop role ${role}`);
  }
});

test("the failure of an application is stored with its operation", async () => {
  const failing = defineChange({
    step: 1,
    name: "noted",
    title: "Loans are noted",
    requires: [],
    risk: "none",
    parts: [
      columns("loans", { note: { type: "integer" } }),
      backfill("loans", "note", { value: sql`2147483647 + this.grade` }),
    ],
  });
  const manager = new RollbackManager({ pool, changes: [failing], log: quiet });
  const refused = { code: "EB_VALUE_OUT_OF_RANGE" };
  await expect(manager.install(asked)).rejects.toMatchObject(refused);
  const [{ id = "" } = {}] = await manager.listOperations(1);
  expect(await manager.getOperationDetails(id)).toMatchObject({ state: "failed", failure: refused });
});

test("every method reports an unavailable database as such", async () => {
  await managerOn(pool).install(asked);
  const away = createPool("postgres://nobody@127.0.0.1:1/nothing");
  const manager = managerOn(away);
  const selection = { steps: [1], range: false };
  const certificate = { steps: [1], proven: true } as unknown as Certificate;
  for (const method of [
    () => manager.install(asked),
    () => manager.rollbackStep(1, asked),
    () => manager.reapplyStep(1, asked),
    () => manager.dryRunRollback(1),
    () => manager.resume(undefined, asked),
    () => manager.abort(undefined, asked),
    () => manager.prove(selection, asked),
    () => manager.recordProof(certificate, asked),
    () => manager.purge(1, asked),
    () => manager.check(),
    () => manager.parked(),
    () => manager.getStatus(),
    () => manager.getOverview(),
    () => manager.getOperationDetails("1"),
    () => manager.listOperations(),
    () => manager.watchOperation("1").next(),
    () => manager.verifyLedger(),
    () => manager.readLedger({ limit: 1 }),
    () => manager.readAudit({ limit: 1 }),
    () => manager.recordRefusal("rollback", [1], asked, new Failure("EB_NO", 403, "No.", "No.")),
  ]) {
    await expect(method(), String(method)).rejects.toMatchObject({
      name: "Failure",
      code: "EB_DATABASE_UNAVAILABLE",
    });
  }
  await away.end();
});
