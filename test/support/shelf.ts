import { createPool } from "earlybird/database";
import {
  backfill,
  behaviour,
  columns,
  defineChange,
  index,
  noneOf,
  RollbackManager,
  rows,
} from "earlybird/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import { createTestDatabase, ensureTemplate, type TestDatabase } from "./database.ts";
import { quiet } from "./delivery.ts";

/**
 * A library's shelf: the engine's tests need a service, and none of its milk. Step 1 links loans to books by
 * title, step 2 marks loans of lost books, step 3 is critical and does nothing but be on.
 */
export const shelfChanges = [
  defineChange({
    step: 1,
    name: "loan-book",
    title: "Loans know their book",
    requires: [],
    risk: "low",
    parts: [
      columns("loans", { book_id: { type: "integer", references: "books.id" } }),
      index("loans", ["book_id"]),
      backfill("loans", "book_id", {
        value: sql`(select min(b.id) from books b where b.title = this.title having count(*) = 1)`,
      }),
      behaviour("loan-book"),
    ],
    impact: async () => [],
    verify: async (db, state) => [
      await noneOf(
        db,
        "loans and books agree",
        state === "applied"
          ? sql`select l.id from loans l join books b on b.id = l.book_id where b.title <> l.title`
          : sql`select id from loans where book_id is not null`,
      ),
    ],
  }),
  defineChange({
    step: 2,
    name: "lost-loans",
    title: "Loans of lost books are closed",
    requires: [1],
    risk: "high",
    parts: [
      columns("loans", { state_before: { type: "text" } }),
      rows("loans", {
        turned: sql`this.state = 'closed' and this.state_before is not null`,
        undo: { state: sql`this.state_before` },
        missed: {
          journals: [{ table: "books", key: "id" }],
          rows: (written) =>
            sql`this.state = 'out' and this.book_id in (select id from books where lost and id in ${written})`,
          set: { state_before: sql`this.state`, state: sql`'closed'` },
        },
      }),
      behaviour("lost-loans"),
    ],
    impact: async () => [],
    verify: async () => [],
  }),
  defineChange({
    step: 3,
    name: "strict",
    title: "Strictness",
    requires: [],
    risk: "critical",
    acknowledge: "no rules",
    parts: [behaviour("strict")],
    impact: async () => [],
    verify: async () => [],
  }),
];

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
