import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, PostgresDialect, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { quiet } from "../../../test/support/delivery.ts";
import type { Database } from "./change/change.ts";
import { defineChange } from "./change/define-change.ts";
import { readStates } from "./engine/states.ts";
import { RollbackManager } from "./manager.ts";
import { backfill } from "./parts/backfill.ts";
import { columns } from "./parts/columns.ts";
import { index } from "./parts/indexes.ts";
import { table } from "./parts/table.ts";
import { fingerprint } from "./preview/fingerprint.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const nothing = { requires: [], risk: "none" } as const;
const changes = ["authors", "poems"].map((table, at) =>
  defineChange({
    ...nothing,
    step: at + 1,
    name: `${table}-note`,
    title: `There are notes on ${table}`,
    parts: [columns(table, { note: { type: "text" } })],
  }),
);
const patience = { attemptMs: 50, limitMs: 300 };

let database: TestDatabase;
let db: Database;
let manager: RollbackManager;
beforeEach(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  await database.pool.query(
    "create table authors (id text primary key); create table poems (id text primary key)",
  );
  manager = new RollbackManager({ pool: database.pool, changes, log: quiet, patience });
});
afterEach(() => database.drop());

test("a change whose table is locked is refused with the name of the holder; the next start applies it", async () => {
  const reader = await database.pool.connect();
  await reader.query("begin; select count(*) from poems");
  await expect(manager.install(asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
    detail: expect.stringContaining("select count(*) from poems"),
  });
  expect([...(await readStates(db)).keys()]).toEqual([1]);
  expect(await manager.listOperations(1)).toMatchObject([{ kind: "apply", state: "failed", steps: [1, 2] }]);
  await reader.query("commit");
  reader.release();
  await manager.install(asked);
  expect([...(await readStates(db)).keys()]).toEqual([1, 2]);
});

test("a failed application cannot be resumed or aborted", async () => {
  const reader = await database.pool.connect();
  await reader.query("begin; select count(*) from poems");
  await expect(manager.install(asked)).rejects.toThrow();
  await reader.query("commit");
  reader.release();
  await expect(manager.resume(undefined, asked)).rejects.toMatchObject({ code: "EB_NOTHING_TO_RESUME" });
  await expect(manager.abort(undefined, asked)).rejects.toMatchObject({ exitStatus: 4 });
});

test("a second instance waits, and finds everything applied", async () => {
  const reader = await database.pool.connect();
  await reader.query("begin; select count(*) from poems");
  const patient = { pool: database.pool, changes, log: quiet, patience: { attemptMs: 50, limitMs: 20_000 } };
  const first = new RollbackManager(patient).install(asked);
  const second = new RollbackManager(patient).install(asked);
  // Longer than a command waits for an operation.
  await sleep(2_500);
  await reader.query("commit");
  reader.release();
  const applied = await Promise.all([first, second]);
  expect(applied.flat().sort()).toEqual([1, 2]);
  expect(await manager.listOperations()).toHaveLength(1);
});

describe("on a database of an earlier version", () => {
  test("the table of a change moves out of the platform's schema, with its rows", async () => {
    const visits = defineChange({
      ...nothing,
      step: 9,
      name: "visits",
      title: "Visits are counted",
      parts: [table("visits", "id integer primary key")],
    });
    const upgraded = new RollbackManager({ pool: database.pool, changes: [visits], log: quiet, patience });
    await upgraded.install(asked);
    // As it was where the role of the service has the name of the platform's schema.
    await database.pool.query("insert into visits values (7); alter table visits set schema earlybird");
    await upgraded.install(asked);
    expect((await database.pool.query("select id from public.visits")).rows).toEqual([{ id: 7 }]);
    await upgraded.rollbackStep(9, asked);
    await upgraded.install(asked);
    await upgraded.reapplyStep(9, asked);
    expect((await database.pool.query("select id from visits")).rows).toEqual([{ id: 7 }]);
  });

  test("a step is proven although the version that applied it made fewer triggers", async () => {
    await manager.install(asked);
    const { rows } = await database.pool.query(
      "select tgrelid::regclass::text as on, tgname from pg_trigger where tgname ~ '^earlybird_journal_(delete|truncate)'",
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { on, tgname } of rows) await database.pool.query(`drop trigger ${tgname} on ${on}`);
    expect(await manager.prove({ steps: [1, 2], range: true }, asked)).toMatchObject({ proven: true });
  });
});

describe("on a table of many rows", () => {
  const readings = defineChange({
    ...nothing,
    step: 7,
    name: "reading-parity",
    title: "Readings know their parity",
    parts: [
      columns("readings", { parity: { type: "text" } }),
      index("readings", ["parity"]),
      backfill("readings", "parity", { value: sql`case this.value % 2 when 0 then 'even' else 'odd' end` }),
    ],
  });
  const managerWith = (rowLimits = { atOnce: 1_000, batch: 500 }) =>
    new RollbackManager({
      pool: database.pool,
      changes: [readings],
      log: quiet,
      patience: { attemptMs: 100, limitMs: 10_000 },
      rowLimits,
    });
  const wrong = async () =>
    (
      await database.pool.query(
        "select * from readings where parity is distinct from case value % 2 when 0 then 'even' else 'odd' end",
      )
    ).rows;
  beforeEach(() =>
    database.pool.query(`
      create table readings (station integer, at integer, value integer not null, stamped integer not null default 0, primary key (station, at));
      insert into readings select n % 7, n, n from generate_series(1, 20000) n;
      create function stamp() returns trigger language plpgsql as $$ begin new.stamped = new.stamped + 1; return new; end $$;
      create trigger stamp before update on readings for each row execute function stamp()`),
  );

  test("readers and writers go on beside the first application, and what they write is filled, too", async () => {
    let slowestMs = 0;
    let applying = true;
    let written = 0;
    const work = async (statement: (n: number) => string) => {
      for (let n = 0; applying; n++) {
        const startMs = performance.now();
        await database.pool.query(statement(n));
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
        written = Math.max(written, n);
        await sleep(2);
      }
    };
    const traffic = [
      work(
        (n) =>
          `update readings set value = value + 1 where at = ${20_000 - (n % 20_000)} and to_jsonb(readings) ->> 'parity' is null`,
      ),
      work((n) => `insert into readings values (8, ${n}, ${n})`),
      work((n) => `delete from readings where at = ${n} and station < 7`),
      work(() => "select count(*) from readings where station = 3"),
    ];
    expect(await managerWith().install(asked)).toEqual([7]);
    applying = false;
    await Promise.all(traffic);
    expect(written).toBeGreaterThan(10);
    expect(slowestMs).toBeLessThan(1_500);
    // What came after the end is the service's own to write.
    const { rows } = await database.pool.query(
      "select count(*)::int as late from readings where parity is null",
    );
    expect((await wrong()).length - rows[0].late).toBeLessThanOrEqual(3);
    expect(rows[0].late).toBeLessThanOrEqual(6);
  });

  test("a row that changes while its batch waits for it gets the value that fits what it became", async () => {
    // Setting the service's trigger aside would lock writers out, too.
    await database.pool.query("drop trigger stamp on readings");
    const patient = { attemptMs: 5_000, limitMs: 10_000 };
    const rowLimits = { atOnce: 1_000, batch: 500 };
    const applied = new RollbackManager({
      pool: database.pool,
      changes: [readings],
      log: quiet,
      patience: patient,
      rowLimits,
    }).install(asked);
    const filling = () =>
      database.pool.query(
        "select from pg_attribute where attname = 'parity' and attrelid = 'readings'::regclass",
      );
    while ((await filling()).rowCount === 0) await sleep(1);
    const writer = await database.pool.connect();
    // The last of the keys: its batch comes last.
    await writer.query("begin; update readings set value = value + 1 where station = 6 and at = 19998");
    await expect
      .poll(async () => (await database.pool.query("select from pg_locks where not granted")).rowCount)
      .toBeGreaterThan(0);
    await writer.query("commit");
    writer.release();
    await applied;
    expect(await wrong()).toEqual([]);
  });

  test("it gives the same result as one transaction on a small table, without firing the service's triggers", async () => {
    await managerWith().install(asked);
    expect(await wrong()).toEqual([]);
    const online = await fingerprint(db);
    const { rows } = await database.pool.query("select max(stamped)::int as stamped from readings");
    expect(rows).toEqual([{ stamped: 0 }]);
    await database.pool.query(
      "drop schema earlybird cascade; alter table readings drop parity, drop eb7_empty_parity",
    );
    await managerWith({ atOnce: 100_000, batch: 500 }).install(asked);
    expect((await fingerprint(db)).tables).toEqual(online.tables);
    expect((await fingerprint(db)).schema).toEqual(online.schema);
  });

  test("interrupted at any batch, it continues at the next start, and no step counts as applied before it is complete", async () => {
    const holder = await database.pool.connect();
    await holder.query("begin; select from readings where at = 15000 for update");
    const impatient = new RollbackManager({
      pool: database.pool,
      changes: [readings],
      log: quiet,
      patience,
      rowLimits: { atOnce: 1_000, batch: 500 },
    });
    await expect(impatient.install(asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
    expect([...(await readStates(db)).keys()]).toEqual([]);
    expect((await impatient.getStatus()).steps).toEqual([]);
    await expect(impatient.rollbackStep(7, asked)).resolves.toMatchObject({ operation: null });
    await holder.query("rollback");
    holder.release();
    await database.pool.query("update readings set value = value + 2 where at < 100");
    expect(await managerWith().install(asked)).toEqual([7]);
    expect(await wrong()).toEqual([]);
    expect((await managerWith().verifyLedger()).ok).toBe(true);
    await managerWith().rollbackStep(7, asked);
    await managerWith().reapplyStep(7, asked);
    expect(await wrong()).toEqual([]);
  });
});
