import { backfill, behaviour, columns, defineChange, index, noneOf } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { count } from "./impact.ts";

export default defineChange({
  step: 19,
  name: "order-subscription",
  title: "Orders refer to their subscription",
  requires: [],
  risk: "low",
  whileRolledBack: "Orders do not name their subscription.",
  affects: { routes: ["POST /api/orders/generate"], alerts: [] },
  parts: [
    columns("orders", { subscription_id: { type: "text", references: "subscriptions.id" } }),
    index("orders", ["subscription_id"]),
    backfill("orders", "subscription_id", {
      rows: sql`this.kind = 'subscription'`,
      // Only a subscription of the same customer, product and quantity, as it was then, can have brought the order about.
      value: sql`(
        select min(s.id) from subscriptions s
        left join lateral (
          select t.product_id, t.quantity from subscription_terms t
          where t.subscription_id = s.id and t.until >= this.delivery_date
          order by t.until
          limit 1
        ) earlier on true
        where s.customer_id = this.customer_id and s.starts_on <= this.delivery_date
          and coalesce(earlier.product_id, s.product_id) = this.items -> 0 ->> 'product_id'
          and coalesce(earlier.quantity, s.quantity) = (this.items -> 0 ->> 'quantity')::int
        having count(*) = 1)`,
    }),
    behaviour("order-subscription"),
  ],
  impact: async (db) => [
    await count(
      db,
      "orders unlinked",
      "orders",
      sql`select count(*) from orders where subscription_id is not null`,
    ),
    await count(
      db,
      "subscriptions affected",
      "subscriptions",
      sql`select count(distinct subscription_id) from orders where subscription_id is not null`,
    ),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "every linked order belongs to its subscription's customer",
            sql`select o.id from orders o left join subscriptions s on s.id = o.subscription_id
              where o.subscription_id is not null and s.customer_id is distinct from o.customer_id`,
          ),
          await noneOf(
            db,
            "no one-time order has a subscription",
            sql`select id from orders where kind = 'one_time' and subscription_id is not null`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no order names a subscription",
            sql`select id from orders where subscription_id is not null`,
          ),
        ],
});
