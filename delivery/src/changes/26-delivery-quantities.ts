import { behaviour, columns, defineChange, noneOf } from "earlybird/rollback";
import { sql } from "kysely";
import { count } from "./impact.ts";

export default defineChange({
  step: 26,
  name: "delivery-quantities",
  title: "Each delivery tells what was really handed over",
  requires: [20],
  risk: "high",
  parts: [columns("delivery_statuses", { items: { type: "jsonb" } }), behaviour("delivery-quantities")],
  impact: async (db) => [
    await count(
      db,
      "partial deliveries losing detail",
      "deliveries",
      sql`select count(*) from delivery_statuses where items is not null and status in ('partially_delivered', 'shortage')`,
    ),
    await count(
      db,
      "what customers would be overcharged",
      "paise",
      sql`select coalesce(sum(((item ->> 'ordered_qty')::bigint - (item ->> 'delivered_qty')::bigint)
          * (ordered ->> 'unit_price_paise')::bigint), 0)
        from delivery_statuses d join orders o on o.id = d.order_id
        cross join lateral jsonb_array_elements(d.items) item
        join lateral jsonb_array_elements(o.items) ordered on ordered ->> 'product_id' = item ->> 'product_id'
        where d.status = 'partially_delivered'`,
    ),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "nothing was delivered over what was ordered, or less than nothing",
            sql`select d.id from delivery_statuses d cross join lateral jsonb_array_elements(d.items) item
              where (item ->> 'delivered_qty')::bigint not between 0 and (item ->> 'ordered_qty')::bigint`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no delivery has items",
            sql`select id from delivery_statuses where items is not null`,
          ),
        ],
});
