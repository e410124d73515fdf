import type { Journey } from "@earlybird-ops/platform/service";

/** Fewer orders a week ago say nothing about today. */
const enoughOrders = 20;

interface Figures {
  orders: number;
  orders_last_week: number;
  billed_paise: number;
  billed_paise_last_week: number;
}

const rupees = (paise: number): string => `₹${(paise / 100).toFixed(2)}`;

/**
 * The orders for today that exist by now, and what was billed today, beside those of the same weekday a week ago at the same
 * time of day. A business grows and has holidays: only the absence of all orders fails.
 */
export const ordersAndBills: Journey = {
  name: "orders and bills",
  run: async ({ pool, now }) => {
    const { rows } = await pool.query<Figures>(
      `with moments as (
         select at, (at at time zone time_zone)::date as day,
           date_trunc('day', at at time zone time_zone) at time zone time_zone as midnight, weeks
         from business_settings cross join (values (0), (1)) as w (weeks)
         cross join lateral (
           select ($1::timestamptz at time zone time_zone - weeks * interval '7 days') at time zone time_zone as at) m
       ),
       figures as (
         select weeks,
           (select count(*)::int from orders
             where delivery_date = day and created_at <= at and status <> 'CANCELLED') as orders,
           (select coalesce(sum(amount_paise), 0)::bigint from billing_records
             where created_at between midnight and at and status <> 'void') as billed
         from moments
       )
       select today.orders, before.orders as orders_last_week,
         today.billed as billed_paise, before.billed as billed_paise_last_week
       from figures today join figures before on today.weeks = 0 and before.weeks = 1`,
      [now],
    );
    const figures = rows[0] ?? { orders: 0, orders_last_week: 0, billed_paise: 0, billed_paise_last_week: 0 };
    const { orders, orders_last_week, billed_paise, billed_paise_last_week } = figures;
    const evidence = `${orders} orders and ${rupees(Number(billed_paise))} billed today, ${orders_last_week} and ${rupees(Number(billed_paise_last_week))} a week ago at this time`;
    if (orders === 0 && orders_last_week >= enoughOrders) throw new Error(evidence);
    return evidence;
  },
};
