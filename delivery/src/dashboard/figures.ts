import { sql } from "kysely";
import { z } from "zod";
import { firstOfMonth } from "../calendar.ts";
import { unassignedAreas } from "../couriers/index.ts";
import type { DeliveryDatabase } from "../database.ts";

const counts = z.record(z.string(), z.int());

/** The business in figures; no figure identifies a customer. */
export const figuresView = z.object({
  date: z.string(),
  orders_today: counts.describe("by status"),
  deliveries_today: counts.describe("by status"),
  open_deliveries_today: z.int(),
  month: z.object({
    delivered_orders: z.int(),
    delivered_paise: z.int(),
    billed_paise: z.int().describe("in bills of this month and their supplements that are not void"),
  }),
  active_subscriptions: z.int(),
  active_customers_by_area: counts,
  unassigned_areas: z.array(z.string()).describe("areas with active customers that no courier has"),
});

/** Reads the figures of a day and its month. */
export const readFigures = async (
  db: DeliveryDatabase,
  date: string,
): Promise<z.infer<typeof figuresView>> => {
  const first = firstOfMonth(date);
  const { rows } = await sql<z.infer<typeof figuresView>>`
    with orders_today as (
      select status, count(*) as n from orders where delivery_date = ${date}::date group by status
    ),
    deliveries_today as (
      select status, count(*) as n from delivery_statuses where delivery_date = ${date}::date group by status
    ),
    areas as (
      select area, count(*) as n from customers where status = 'active' group by area
    )
    select ${date}::text as date,
      (select coalesce(jsonb_object_agg(status, n), '{}') from orders_today) as orders_today,
      (select coalesce(jsonb_object_agg(status, n), '{}') from deliveries_today) as deliveries_today,
      (select coalesce(sum(n), 0)::int from deliveries_today where status = 'pending') as open_deliveries_today,
      (select jsonb_build_object(
          'delivered_orders', count(*),
          'delivered_paise', coalesce(sum(total_paise), 0),
          'billed_paise', (
            select coalesce(sum(amount_paise), 0) from billing_records
            where coalesce(supplements, period) = ${first}::date and status <> 'void'))
        from orders
        where delivery_date between ${first}::date and ${date}::date and status = 'DELIVERED') as month,
      (select count(*) from subscriptions where status = 'active') as active_subscriptions,
      (select coalesce(jsonb_object_agg(area, n), '{}') from areas) as active_customers_by_area,
      (select coalesce(jsonb_agg(area order by area), '[]') from (${unassignedAreas}) unassigned) as unassigned_areas`.execute(
    db,
  );
  const [figures] = rows;
  if (!figures) throw new Error("a query without from clause answered no row");
  return figures;
};
