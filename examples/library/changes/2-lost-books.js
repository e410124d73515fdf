import { behaviour, columns, defineChange, rows } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

/** Rows turned from one state into another: exactly these return when it is rolled back. */
export default defineChange({
  step: 2,
  name: "lost-books",
  title: "A lost book closes its loans",
  requires: [],
  risk: "high",
  parts: [
    columns("loans", { state_before_loss: { type: "text" } }),
    rows("loans", {
      turned: sql`this.state = 'closed' and this.state_before_loss is not null`,
      undo: { state: sql`this.state_before_loss` },
      missed: {
        journals: ["books"],
        rows: (written) =>
          sql`this.state = 'out' and this.book_id in (select id from books where lost and id in ${written})`,
        set: { state_before_loss: sql`this.state`, state: sql`'closed'` },
      },
    }),
    behaviour("lost-books"),
  ],
});
