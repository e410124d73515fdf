import { backfill, behaviour, columns, defineChange, index, noneOf } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { businessToday } from "../business/time-zone.ts";
import { count, countBy, headline } from "./impact.ts";

const deliveredOneTime = sql`orders where kind = 'one_time' and status = 'DELIVERED'`;

export default defineChange({
  step: 23,
  name: "one-time-billing",
  title: "One-time orders are billed",
  requires: [20, 22],
  risk: "critical",
  acknowledge: "revenue loss",
  whileRolledBack:
    "Only subscriptions are billed. Existing bills stay. One-time orders delivered in the meantime are billed once, by the next run after the re-apply.",
  affects: {
    routes: ["POST /api/billing/generate", "POST /api/billing/:id/void"],
    alerts: ["BILLING_FAILURE"],
  },
  parts: [
    columns("orders", { billed: { type: "boolean" } }),
    columns("billing_records", { order_id: { type: "text", references: "orders.id" } }),
    index("billing_records", ["order_id"]),
    // An order with a bill has been billed, even if either was written while this step was rolled back.
    backfill("orders", "billed", {
      rows: sql`this.kind = 'one_time'`,
      value: sql`(select true from billing_records b where b.order_id = this.id and b.status <> 'void' limit 1)`,
    }),
    behaviour("one-time-billing"),
  ],
  impact: async (db) => [
    ...(await countBy(
      db,
      "delivered one-time orders of",
      "orders",
      sql`select to_char(delivery_date, 'YYYY-MM') as part, count(*) as value from ${deliveredOneTime}
        and delivery_date >= date_trunc('month', ${businessToday}) - interval '3 months' group by part order by part desc`,
    )),
    ...(await countBy(
      db,
      "their amount in",
      "paise",
      sql`select to_char(delivery_date, 'YYYY-MM') as part, sum(total_paise) as value from ${deliveredOneTime}
        and delivery_date >= date_trunc('month', ${businessToday}) - interval '3 months' group by part order by part desc`,
    )),
    await headline(
      count(
        db,
        "unbilled in a year at the rate of the last 90 days",
        "paise",
        sql`select round(coalesce(sum(total_paise), 0) * 365 / 90.0) from ${deliveredOneTime}
          and delivery_date > ${businessToday} - 90`,
      ),
    ),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "every billed order has its record",
            sql`select o.id from orders o where o.billed and not exists (select from billing_records b where b.order_id = o.id)`,
          ),
          await noneOf(
            db,
            "no order is billed twice",
            sql`select order_id from billing_records where order_id is not null and status <> 'void'
              group by order_id having count(*) > 1`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no order says that it was billed, and no record names an order",
            sql`select id from orders where billed is not null
              union all select id from billing_records where order_id is not null`,
          ),
        ],
});
