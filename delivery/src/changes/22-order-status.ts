import { behaviour, columns, defineChange, noneOf, overtaken, rows } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { startOfBusinessDay } from "../business/time-zone.ts";
import { count, countBy, headline } from "./impact.ts";

const handedOver = sql`('delivered', 'partially_delivered')`;
const turned = sql`this.status = 'DELIVERED' and this.status_before_delivery is not null`;

export default defineChange({
  step: 22,
  name: "order-status",
  title: "A confirmed delivery turns its order DELIVERED",
  requires: [20],
  risk: "high",
  whileRolledBack:
    "Confirming does not change the order's status. Orders that this step set to DELIVERED are open again; orders delivered before it or cancelled since are unchanged.",
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
    columns("orders", {
      delivered_at: { type: "timestamptz" },
      delivery_confirmed: { type: "boolean" },
      status_before_delivery: { type: "text" },
    }),
    rows("orders", {
      turned,
      undo: { status: sql`this.status_before_delivery` },
      missed: {
        journals: ["delivery_statuses"],
        rows: (written) => sql`this.status in ('PENDING', 'CONFIRMED', 'OUT_FOR_DELIVERY') and this.id in (
          select d.order_id from delivery_statuses d
          where d.id in ${written} and d.status in ${handedOver})`,
        set: {
          status_before_delivery: sql`this.status`,
          status: sql`'DELIVERED'`,
          delivery_confirmed: sql`true`,
          delivered_at: sql`(
            select max(coalesce(d.confirmed_at, ${startOfBusinessDay(sql`d.delivery_date`)})) from delivery_statuses d
            where d.order_id = this.id)`,
        },
      },
    }),
    // A delivery that was corrected meanwhile: nothing was handed over after all.
    overtaken("orders", {
      journals: ["delivery_statuses"],
      rows: (written) => sql`${turned}
        and this.id in (
          select d.order_id from delivery_statuses d where d.id in ${written} and d.status not in ${handedOver})
        and not exists (
          select from delivery_statuses d where d.order_id = this.id and d.status in ${handedOver})`,
      set: {
        status: sql`this.status_before_delivery`,
        delivered_at: sql`null`,
        delivery_confirmed: sql`null`,
        status_before_delivery: sql`null`,
      },
    }),
    behaviour("order-status"),
  ],
  impact: async (db) => [
    ...(await countBy(
      db,
      "orders returning to",
      "orders",
      sql`select status_before_delivery as part, count(*) as value from orders as this
        where ${turned} group by part order by part`,
    )),
    ...(await countBy(
      db,
      "orders returning of",
      "orders",
      sql`select delivery_date::text as part, count(*) as value from orders as this
        where ${turned} group by part order by part desc`,
    )),
    await headline(
      count(
        db,
        "amount that leaves billing",
        "paise",
        sql`select coalesce(sum(total_paise), 0) from orders as this where ${turned}`,
      ),
    ),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "every order that this step turned DELIVERED has a delivery",
            sql`select this.id from orders as this where ${turned}
              and not exists (select from delivery_statuses d where d.order_id = this.id)
              and not exists (select from delivery_statuses d
                where d.customer_id = this.customer_id and d.delivery_date = this.delivery_date and d.order_id is null)`,
          ),
          await noneOf(
            db,
            "every order that this step turned DELIVERED says when",
            sql`select this.id from orders as this where ${turned} and this.delivered_at is null`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no order remembers a delivery",
            sql`select id from orders where delivered_at is not null or delivery_confirmed is not null
              or status_before_delivery is not null`,
          ),
        ],
});
