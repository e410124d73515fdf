import { behaviour, columns, defineChange, noneOf, overtaken } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { count, headline } from "./impact.ts";

/** Every line of a delivery with everything ordered, or nothing, as `compareQuantities` records it. */
const allOrNothing = sql`(
  select jsonb_agg(line.item || case this.status
    when 'delivered' then jsonb_build_object('delivered_qty', line.item -> 'ordered_qty', 'status', 'full')
    else jsonb_build_object('delivered_qty', 0, 'status', 'shortage') end order by line.no)
  from jsonb_array_elements(this.items) with ordinality as line (item, no))`;

/** What the items must be for the delivery's status; null where nobody can know. */
const fitting = sql`case this.status
  when 'pending' then null
  when 'partially_delivered' then (
    select this.items from jsonb_array_elements(this.items) item
    having bool_or(item -> 'delivered_qty' <> item -> 'ordered_qty') and bool_or((item ->> 'delivered_qty')::bigint > 0))
  else ${allOrNothing} end`;

export default defineChange({
  step: 26,
  name: "delivery-quantities",
  title: "Each delivery records the quantities handed over",
  requires: [20],
  risk: "high",
  whileRolledBack:
    "Deliveries have no quantities, quantities are not checked, and bills charge what was ordered.",
  affects: {
    routes: [
      "POST /api/deliveries/confirm",
      "POST /api/shared-links/:token/confirm",
      "POST /api/deliveries/:id/correct",
      "POST /api/billing/generate",
    ],
    alerts: ["DELIVERY_ISSUE", "BILLING_FAILURE"],
  },
  parts: [
    // A delivery that was corrected meanwhile. Before the columns: items that were written meanwhile win.
    overtaken("delivery_statuses", {
      journals: ["delivery_statuses"],
      rows: (written) => sql`this.items is not null and this.id in ${written}
        and this.items is distinct from (${fitting})`,
      set: { items: fitting },
    }),
    columns("delivery_statuses", { items: { type: "jsonb" } }),
    behaviour("delivery-quantities"),
  ],
  impact: async (db) => [
    await count(
      db,
      "partial deliveries losing detail",
      "deliveries",
      sql`select count(*) from delivery_statuses where items is not null and status in ('partially_delivered', 'shortage')`,
    ),
    await headline(
      count(
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
