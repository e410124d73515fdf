import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "../parts/columns.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const change = defineChange({
  step: 1,
  name: "notes",
  title: "There are notes",
  requires: [],
  risk: "none",
  parts: [columns("pages", { note: { type: "text" } })],
});

let database: TestDatabase;
let pool: pg.Pool;
let manager: RollbackManager;
beforeEach(async () => {
  database = await createTestDatabase();
  ({ pool } = database);
  await pool.query("create table pages (id integer primary key, words text)");
  manager = new RollbackManager({
    pool,
    changes: [change],
    log: quiet,
    patience: { attemptMs: 100, limitMs: 3_000 },
  });
  await manager.install(asked);
});
afterEach(() => database.drop());

test("a move cancels autovacuum, which takes longer than one attempt", async () => {
  // As slow as it can be made, and begun as soon as there is anything to do.
  await pool.query(`
    alter table pages set (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
      autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_insert_scale_factor = 0)`);
  await pool.query("insert into pages select n, repeat('word ', 50) from generate_series(1, 50000) n");
  await pool.query("update pages set words = 'other ' || words");
  await pool.query("alter system set autovacuum_naptime = '1s'");
  await pool.query("select pg_reload_conf()");
  try {
    const vacuuming = `select from pg_locks l join pg_stat_activity a using (pid)
      where l.relation = 'pages'::regclass and a.backend_type = 'autovacuum worker' and l.mode = 'ShareUpdateExclusiveLock'`;
    await expect.poll(async () => (await pool.query(vacuuming)).rowCount, { timeout: 25_000 }).toBe(1);
    expect((await manager.rollbackStep(1, asked)).operation?.state).toBe("completed");
  } finally {
    await pool.query("alter system reset autovacuum_naptime");
    await pool.query("select pg_reload_conf()");
  }
});

test("writers to several tables, in any order, do not deadlock with a move", async () => {
  await pool.query(
    "create table margins (id integer primary key, page_id integer); insert into pages values (1, 'a'); insert into margins values (1, 1)",
  );
  const both = defineChange({
    ...change,
    step: 2,
    name: "both",
    parts: [columns("pages", { colour: { type: "text" } }), columns("margins", { colour: { type: "text" } })],
  });
  manager = new RollbackManager({
    pool,
    changes: [change, both],
    log: quiet,
    patience: { attemptMs: 250, limitMs: 20_000 },
  });
  await manager.install(asked);
  let moving = true;
  const refused: unknown[] = [];
  const write = async (first: string, second: string, pauseMs: number) => {
    while (moving && refused.length === 0) {
      await pool
        .query(
          `begin; update ${first} set id = id where id = 1; select pg_sleep(0.005); select from ${second}; update ${second} set id = id where id = 2; commit`,
        )
        .catch((error) => refused.push(error));
      await sleep(pauseMs);
    }
  };
  const writers = [
    write("pages", "margins", 0),
    write("pages", "margins", 0),
    write("margins", "pages", 100),
  ];
  try {
    for (let round = 0; round < 5; round++) {
      await manager.rollbackStep(2, asked);
      await manager.reapplyStep(2, asked);
    }
  } finally {
    moving = false;
    await Promise.all(writers);
  }
  expect(refused).toEqual([]);
});
