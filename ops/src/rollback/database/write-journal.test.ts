import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "../parts/columns.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const nothing = { requires: [], risk: "none" } as const;

describe("on the shelf", () => {
  let shelf: Shelf;
  beforeEach(async () => {
    shelf = await createShelf();
  });
  afterEach(() => shelf.drop());

  const journal = async () =>
    (
      await shelf.pool.query(
        "select relation, key, removed_at is not null as removed from earlybird.journal order by relation, key",
      )
    ).rows;

  test("deleted rows are journalled, truncated tables too", async () => {
    await shelf.manager.rollbackSteps(1, 2, asked);
    await shelf.pool.query(
      "delete from loans where id in (3, 4); update loans set title = 'Kim' where id = 5",
    );
    expect(await journal()).toEqual([
      { relation: "loans", key: "3", removed: true },
      { relation: "loans", key: "4", removed: true },
      { relation: "loans", key: "5", removed: false },
    ]);
    await shelf.pool.query("truncate loans");
    expect((await journal()).filter(({ removed }) => removed)).toHaveLength(12);
  });

  test("a row that is deleted and inserted again with the same key is new: nothing is turned or restored over it", async () => {
    await shelf.manager.rollbackStep(2, asked);
    await shelf.pool.query(
      "delete from loans where id = 2; insert into loans (id, title, state) values (2, 'Lost World', 'out')",
    );
    const result = await shelf.manager.reapplyStep(2, asked);
    expect(result.steps[0]?.rows).toContainEqual({ table: "loans", action: "deleted", rows: 1 });
    expect((await shelf.pool.query("select state, state_before from loans where id = 2")).rows).toEqual([
      { state: "out", state_before: null },
    ]);
  });

  test("a plain role gains nothing from the function that runs with its owner's rights", async () => {
    const role = `mallory_${Date.now()}`;
    await shelf.manager.rollbackStep(1, { ...asked, cascade: true });
    await shelf.pool.query(`create role ${role} login password 'm';
      grant select, insert, update, delete on loans to ${role}; create schema ${role} authorization ${role}`);
    const url = new URL(shelf.url);
    url.username = role;
    url.password = "m";
    const mallory = new pg.Client({ connectionString: url.href });
    await mallory.connect();
    try {
      const steal = `begin execute 'alter role ${role} superuser'; return null; end`;
      for (const [name, parameters, type] of [
        ["format", "text, variadic text[]", "text"],
        ["nextval", "text", "bigint"],
        ["nextval", "regclass", "bigint"],
        ["count", "integer", "bigint"],
        ["unnest", "int2vector", "smallint"],
      ])
        await mallory.query(
          `create function ${role}.${name}(${parameters}) returns ${type} language plpgsql as $$ ${steal} $$`,
        );
      await mallory.query(`set search_path = ${role}, pg_catalog, public; set check_function_bodies = off`);
      await mallory.query("insert into public.loans (id, title) values (77, 'Emma')");
      expect((await mallory.query(`select rolsuper from pg_roles where rolname = '${role}'`)).rows).toEqual([
        { rolsuper: false },
      ]);
      await expect(mallory.query("select earlybird.journal_rows()")).rejects.toThrow(/permission denied/);
    } finally {
      await mallory.end();
      await shelf.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
    expect(await journal()).toEqual([{ relation: "loans", key: "77", removed: false }]);
  });

  test("a process that knows fewer steps does not stop the journal that another step needs", async () => {
    await shelf.manager.rollbackSteps(1, 2, asked);
    await shelf.pool.query("insert into loans (id, title) values (13, 'Emma')");
    // It knows step 1 only, which journals loans as step 2 does.
    const old = new RollbackManager({ pool: shelf.pool, changes: shelfChanges.slice(0, 1), log: quiet });
    await old.reapplyStep(1, asked);
    await shelf.pool.query("insert into loans (id, title) values (14, 'Emma')");
    expect((await journal()).map(({ key }) => key)).toEqual(["13", "14"]);
    await shelf.manager.reapplyStep(2, asked);
    expect(await journal()).toEqual([]);
  });
});

describe("on tables of another shape", () => {
  let database: TestDatabase;
  let manager: RollbackManager;
  beforeEach(async () => {
    database = await createTestDatabase();
    await database.pool.query(`
      create table readings (
        day date not null, sensor text not null, value numeric,
        primary key (day, sensor)
      ) partition by range (day);
      create table readings_2025 partition of readings for values from ('2025-01-01') to ('2026-01-01');
      create table "Diary" ("Day" date primary key, words text);
      insert into readings values ('2025-03-01', 'a', 1), ('2025-03-02', 'a', 2);
      insert into "Diary" values ('2025-03-04', 'x')`);
    const changes = [
      defineChange({
        ...nothing,
        step: 1,
        name: "reading-note",
        title: "Readings have notes",
        parts: [columns("readings", { note: { type: "text" } })],
      }),
      defineChange({
        ...nothing,
        step: 2,
        name: "diary-note",
        title: "The diary has notes",
        parts: [columns("Diary", { note: { type: "text" } })],
      }),
    ];
    manager = new RollbackManager({ pool: database.pool, changes, log: quiet });
    await manager.install(asked);
  });
  afterEach(() => database.drop());

  const notes = async (table: string) =>
    (await database.pool.query(`select * from ${table} order by 1, 2`)).rows.map(({ note }) => note);

  test("what is written into a partition directly is kept, also into one attached meanwhile", async () => {
    await database.pool.query("update readings set note = 'parked'");
    await manager.rollbackStep(1, asked);
    await database.pool.query(`
      update readings_2025 set note = 'in the partition' where day = '2025-03-02';
      create table readings_2026 partition of readings for values from ('2026-01-01') to ('2027-01-01');
      insert into readings_2026 (day, sensor, note) values ('2026-01-01', 'b', 'in the new one')`);
    const { rows } = await database.pool.query("select key from earlybird.journal order by key");
    expect(rows).toEqual([{ key: '["2025-03-02", "a"]' }, { key: '["2026-01-01", "b"]' }]);
    await manager.reapplyStep(1, asked);
    expect(await notes("readings")).toEqual(["parked", "in the partition", "in the new one"]);
  });

  test("a key is found regardless of the date style of the session that wrote it", async () => {
    await manager.rollbackStep(2, asked);
    await database.pool.query(
      `set datestyle = 'SQL, DMY'; update "Diary" set note = 'kept'; reset datestyle`,
    );
    await manager.reapplyStep(2, asked);
    expect(await notes('"Diary"')).toEqual(["kept"]);
  });
});
