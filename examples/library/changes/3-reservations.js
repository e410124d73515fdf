import { behaviour, defineChange, identifiers, indexes, table } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

/** Ids of either style: the server asks it for new ones. */
export const ids = identifiers({
  books: { before: "book-", now: "bok_" },
  loans: { before: "loan-", now: "lon_" },
});

/** A table of its own, new ids everywhere, and an index for the search by title. */
export default defineChange({
  step: 3,
  name: "reservations",
  title: "Books can be reserved, and have ids that nobody guesses",
  requires: [],
  risk: "critical",
  acknowledge: "reservations away",
  parts: [
    table(
      "reservations",
      `book_id text not null references books (id) on delete cascade,
       reader  text not null,
       at      timestamptz not null default now(),
       primary key (book_id, reader)`,
    ),
    ids,
    indexes([{ table: "books", columns: ["title"] }], {
      hot: [{ name: "a title", query: async () => sql`select id from books where title = 'The Guide'` }],
    }),
    behaviour("reservations"),
  ],
  impact: async (db) => {
    const { rows } = await sql`select count(*)::int as value from reservations`.execute(db);
    return [{ label: "reservations put away", value: rows[0].value, unit: "reservations" }];
  },
});
