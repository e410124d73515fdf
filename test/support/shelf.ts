import { createPool } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { createTestDatabase, ensureTemplate, type TestDatabase } from "./database.ts";
import { quiet } from "./delivery.ts";
import { shelfChanges } from "./shelf-changes.ts";

export interface Shelf extends TestDatabase {
  // biome-ignore lint/suspicious/noExplicitAny: a handful of tables that only the tests' SQL knows
  db: Kysely<any>;
  manager: RollbackManager;
}

/** A database with 3 books and 12 loans, all steps applied; every third loan is of a lost book, and closed. */
export const createShelf = async (): Promise<Shelf> => {
  await ensureTemplate("shelf", async (url) => {
    const pool = createPool(url);
    await pool.query(`
      create table books (id integer primary key, title text not null, lost boolean not null default false);
      create table loans (id integer primary key, title text not null, state text not null default 'out');
      insert into books values (1, 'Emma', false), (2, 'Kim', false), (3, 'Lost World', true);
      insert into loans (id, title) select n, (array['Emma', 'Kim', 'Lost World'])[1 + n % 3] from generate_series(1, 12) n`);
    await new RollbackManager({ pool, changes: shelfChanges, log: quiet }).install({
      requestedBy: "test",
      origin: "test",
    });
    await pool.query("update loans set state_before = state, state = 'closed' where book_id = 3");
    await pool.end();
  });
  const database = await createTestDatabase("shelf");
  const { pool } = database;
  return {
    ...database,
    db: new Kysely({ dialect: new PostgresDialect({ pool }) }),
    manager: new RollbackManager({
      pool,
      changes: shelfChanges,
      log: quiet,
      patience: { attemptMs: 100, limitMs: 600 },
    }),
  };
};
