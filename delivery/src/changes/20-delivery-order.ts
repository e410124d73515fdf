import { backfill, behaviour, columns, defineChange, index, noneOf } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { businessToday } from "../business/time-zone.ts";
import { count } from "./impact.ts";

export default defineChange({
  step: 20,
  name: "delivery-order",
  title: "Deliveries refer to their order",
  requires: [19],
  risk: "high",
  whileRolledBack: "Deliveries are confirmed by customer and date, and do not name their order.",
  affects: {
    routes: [
      "POST /api/deliveries/confirm",
      "POST /api/shared-links/:token/confirm",
      "POST /api/orders",
      "POST /api/orders/generate",
      "POST /api/deliveries/start-round",
      "POST /api/billing/generate",
    ],
    alerts: ["DELIVERY_ISSUE", "BILLING_FAILURE"],
  },
  parts: [
    columns("delivery_statuses", { order_id: { type: "text", references: "orders.id" } }),
    index("delivery_statuses", ["order_id"]),
    backfill("delivery_statuses", "order_id", {
      // One order of that customer and day without a delivery, and one delivery without an order: no doubt.
      value: sql`(
        select min(o.id) from orders o
        where o.customer_id = this.customer_id and o.delivery_date = this.delivery_date
          and not exists (select from delivery_statuses d where d.order_id = o.id)
        having count(*) = 1 and 1 = (
          select count(*) from delivery_statuses d
          where d.customer_id = this.customer_id and d.delivery_date = this.delivery_date and d.order_id is null))`,
    }),
    behaviour("delivery-order"),
  ],
  impact: async (db) => [
    await count(
      db,
      "deliveries orphaned",
      "deliveries",
      sql`select count(*) from delivery_statuses where order_id is not null`,
    ),
    await count(
      db,
      "open deliveries today",
      "deliveries",
      sql`select count(*) from delivery_statuses where status = 'pending' and delivery_date = ${businessToday}`,
    ),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "every linked delivery belongs to its order's customer",
            sql`select d.id from delivery_statuses d left join orders o on o.id = d.order_id
              where d.order_id is not null and o.customer_id is distinct from d.customer_id`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no delivery names an order",
            sql`select id from delivery_statuses where order_id is not null`,
          ),
        ],
});
