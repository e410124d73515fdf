import {
  backfill,
  behaviour,
  columns,
  defineChange,
  index,
  noneOf,
  rows,
} from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

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
          journals: ["books"],
          rows: (written) =>
            sql`this.state = 'out' and this.book_id in (select id from books where lost and id in ${written})`,
          set: { state_before: sql`this.state`, state: sql`'closed'` },
        },
      }),
      behaviour("lost-loans"),
    ],
  }),
  defineChange({
    step: 3,
    name: "strict",
    title: "Strictness",
    requires: [],
    risk: "critical",
    acknowledge: "no rules",
    whileRolledBack: "Loans can have no title.",
    affects: { routes: ["POST /loans"], alerts: ["CUSTOM"] },
    parts: [behaviour("strict")],
    verify: async (db) => [
      await noneOf(db, "each loan has a title", sql`select id from loans where title = ''`),
    ],
  }),
];

/** Step 4 is declared wrongly: whichever way it goes, it loses a loan. */
export const lossyChange = defineChange({
  step: 4,
  name: "lossy",
  title: "A loan is lost on the way",
  requires: [],
  risk: "low",
  parts: [
    {
      ...behaviour("lossy"),
      swap: async ({ db }) => {
        await sql`delete from loans where id = 7`.execute(db);
      },
    },
  ],
});
