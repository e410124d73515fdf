import { backfill, behaviour, columns, defineChange, index, noneOf } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

/** Two columns, filled where loans lack them, with an index, and a behaviour that the server asks for. */
export default defineChange({
  step: 1,
  name: "due-dates",
  title: "Loans have a due date",
  requires: [],
  risk: "low",
  parts: [
    columns("loans", { due_on: { type: "date" } }),
    index("loans", ["due_on"]),
    backfill("loans", "due_on", { value: sql`this.lent_on + 21` }),
    behaviour("due-dates"),
  ],
  impact: async (db) => {
    const { rows } =
      await sql`select count(*)::int as value from loans where due_on < current_date and state = 'out'`.execute(
        db,
      );
    return [{ label: "overdue loans that nobody would be reminded of", value: rows[0].value, unit: "loans" }];
  },
  verify: async (db, state) =>
    state === "applied"
      ? [await noneOf(db, "every loan is due some day", sql`select id from loans where due_on is null`)]
      : [],
});
