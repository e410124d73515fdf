import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";

/** The number of rows that differ from an ideal data set, by anomaly. */
export interface DataAnomalies {
  customers_without_login: number;
  customers_closed: number;
  phones_shared: number;
  logins_without_customer: number;
  products_inactive: number;
  subscriptions_paused: number;
  subscriptions_cancelled: number;
  orders_one_time: number;
  orders_cancelled: number;
  /** Delivered before confirming set the order's status: nothing tells when, or what it was before. */
  orders_delivered_unconfirmed: number;
  deliveries_partial: number;
  deliveries_shortage: number;
  deliveries_failed: number;
  /** Without an order's id; `deliveries_matching_no_order` of them have no order of that customer and day. */
  deliveries_unlinked: number;
  deliveries_matching_no_order: number;
}

/** Counts the anomalies in the data of the whole business. */
export const countDataAnomalies = async (tx: Transaction<Tables>): Promise<DataAnomalies> => {
  const { rows } = await sql<DataAnomalies>`
    select * from
      (select count(*) filter (where not exists (select from users u where u.phone = c.phone and u.role = 'customer')
          and user_id is null)::integer as customers_without_login,
        count(*) filter (where status = 'closed')::integer as customers_closed,
        (count(*) - count(distinct phone))::integer as phones_shared
       from customers c) c,
      (select count(*)::integer as logins_without_customer
       from users where role = 'customer' and customer_id is null) u,
      (select count(*)::integer as products_inactive from products where not active) p,
      (select count(*) filter (where status = 'paused')::integer as subscriptions_paused,
        count(*) filter (where status = 'cancelled')::integer as subscriptions_cancelled
       from subscriptions) s,
      (select count(*) filter (where kind = 'one_time')::integer as orders_one_time,
        count(*) filter (where status = 'CANCELLED')::integer as orders_cancelled,
        count(*) filter (where status = 'DELIVERED' and delivered_at is null)::integer as orders_delivered_unconfirmed
       from orders) o,
      (select count(*) filter (where status = 'partially_delivered')::integer as deliveries_partial,
        count(*) filter (where status = 'shortage')::integer as deliveries_shortage,
        count(*) filter (where status = 'failed')::integer as deliveries_failed
       from delivery_statuses) d,
      (select count(*)::integer as deliveries_unlinked,
        count(*) filter (where not exists (
          select from orders o where o.customer_id = d.customer_id and o.delivery_date = d.delivery_date
        ))::integer as deliveries_matching_no_order
       from delivery_statuses d where order_id is null) l`.execute(tx);
  const [counted] = rows;
  if (!counted) throw new Error("a select of aggregates returns one row");
  return counted;
};
