import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "@earlybird-ops/platform/database";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { Changes } from "./active-behaviours.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;
let changes: Changes<unknown>;

beforeEach(async () => {
  shelf = await createShelf();
  changes = new Changes({ changes: shelfChanges, pool: shelf.pool, log: quiet });
  await changes.start();
});
afterEach(async () => {
  await changes.stop();
  await shelf.drop();
});

test("no write under the old rules lands after the swap, in either direction", async () => {
  await shelf.manager.rollbackStep(2, asked);
  let writing = true;
  let id = 1_000;
  const writer = async () => {
    while (writing) {
      await changes.transaction(async (tx, active) => {
        const book = active.has("loan-book") ? 1 : null;
        // Between reading the rules and writing there is time enough for a swap.
        await sleep(Math.random() * 10);
        await sql`insert into loans (id, title, book_id) values (${id++}, 'Emma', ${book})`.execute(tx);
      });
    }
  };
  const writers = Array.from({ length: 5 }, writer);
  for (let trip = 0; trip < 4; trip++) {
    await shelf.manager.rollbackStep(1, asked);
    expect((await shelf.pool.query("select id from loans where book_id is not null")).rows).toEqual([]);
    await shelf.manager.reapplyStep(1, asked);
    expect((await shelf.pool.query("select id from loans where eb1_empty_book_id is not null")).rows).toEqual(
      [],
    );
  }
  writing = false;
  await Promise.all(writers);
  expect((await shelf.pool.query("select id from loans where id >= 1000 and book_id is null")).rows).toEqual(
    [],
  );
  expect(id).toBeGreaterThan(1_010);
});

test("other instances know of a swap within 100 ms", async () => {
  const other = new Changes({ changes: shelfChanges, pool: shelf.pool, log: quiet });
  await other.start();
  const delays: number[] = [];
  for (let trip = 0; trip < 5; trip++) {
    await shelf.manager.rollbackStep(2, asked);
    const sinceMs = performance.now();
    while (other.active.has("lost-loans")) await sleep(1);
    delays.push(performance.now() - sinceMs);
    await shelf.manager.reapplyStep(2, asked);
    while (!other.active.has("lost-loans")) await sleep(1);
  }
  await other.stop();
  expect(Math.min(...delays)).toBeLessThan(100);
});

test("while the state cannot be known, every behaviour is on", async () => {
  await shelf.manager.rollbackStep(2, asked);
  while (changes.active.has("lost-loans")) await sleep(1);
  const nowhere = new Changes({
    changes: shelfChanges,
    pool: createPool("postgres://nobody@127.0.0.1:9/none"),
    log: quiet,
  });
  await nowhere.start();
  expect(nowhere.active.has("lost-loans")).toBe(true);
  await nowhere.stop();
  await shelf.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'earlybird changes'`);
  while (!changes.active.has("lost-loans")) await sleep(1);
  // And it finds back by itself.
  while (changes.active.has("lost-loans")) await sleep(1);
});

test("reads go on while more writers wait for a swap than there are connections", async () => {
  const swap = await shelf.pool.connect();
  await swap.query("select pg_advisory_lock(19301, 1)");
  const writes = Array.from({ length: 20 }, (_, n) =>
    changes.transaction((tx) => sql`insert into loans (id, title) values (${2_000 + n}, 'Kim')`.execute(tx)),
  );
  await sleep(100);
  expect((await shelf.pool.query("select count(*) from loans where id >= 2000")).rows).toEqual([
    { count: 0 },
  ]);
  await swap.query("select pg_advisory_unlock(19301, 1)");
  swap.release();
  await Promise.all(writes);
  expect((await shelf.pool.query("select count(*) from loans where id >= 2000")).rows).toEqual([
    { count: 20 },
  ]);
});

test("an error inside aborts the transaction, and the connection stays usable", async () => {
  await expect(
    changes.transaction(async (tx) => {
      await sql`insert into loans (id, title) values (3000, 'Kim')`.execute(tx);
      throw new Error("thought better of it");
    }),
  ).rejects.toThrow("thought better of it");
  expect((await shelf.pool.query("select id from loans where id = 3000")).rows).toEqual([]);
});
