import { type RawBuilder, sql } from "kysely";

/** The outcomes of a delivery that put something on a bill. */
const handedOver = sql`('delivered', 'partially_delivered')`;

/**
 * Whether the order `o` was delivered: its status says so (step 22), or a delivery does. The delivery
 * counts because an order that was confirmed while step 22 was rolled back, or before it existed, never
 * turned DELIVERED and is to be paid all the same. A delivery that names no order (step 20) speaks for
 * what the customer had ordered for its day.
 */
export const delivered = sql<boolean>`(
  o.status = 'DELIVERED'
  or o.status <> 'CANCELLED' and exists (
    select from delivery_statuses d where d.order_id = o.id and d.status in ${handedOver})
  or o.status <> 'CANCELLED' and exists (
    select from delivery_statuses d
    where d.order_id is null and d.customer_id = o.customer_id and d.delivery_date = o.delivery_date
      and d.status in ${handedOver}))`;

/**
 * What the delivered order `o` costs, in paise: what was handed over of it when that is known and step 26 is
 * applied, else `otherwise`.
 */
export const charge = (byQuantity: boolean, otherwise: RawBuilder<number>): RawBuilder<number> =>
  byQuantity
    ? sql<number>`coalesce((
        select sum(handed.delivered_qty::bigint * ordered.unit_price_paise)
        from delivery_statuses d
        cross join lateral jsonb_to_recordset(d.items) as handed (product_id text, delivered_qty int)
        join jsonb_to_recordset(o.items) as ordered (product_id text, unit_price_paise int)
          on ordered.product_id = handed.product_id
        where d.order_id = o.id and d.status in ${handedOver}
      ), ${otherwise})::bigint`
    : otherwise;
