import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database.ts";
import { newId } from "../ids/index.ts";

interface OrderOfDay {
  id: string;
  customer_id: string;
  delivery_date: string;
}

/** Adds the delivery of a new order to the route of its day. */
export const openDelivery = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  { order, at }: { order: OrderOfDay; at: Date },
): Promise<void> => {
  await tx
    .insertInto("delivery_statuses")
    .values({
      id: newId("delivery", active),
      customer_id: order.customer_id,
      delivery_date: order.delivery_date,
      created_at: at,
      ...(active.has("delivery-order") && { order_id: order.id }),
    })
    .execute();
};

/**
 * Removes the delivery of a cancelled order from the route. A delivery without an order is removed only if the customer has
 * no other order that day, to which it might belong. A delivery with corrections stays, as failed: its corrections refer
 * to it.
 */
export const dropOpenDelivery = async (tx: Kysely<Tables>, order: OrderOfDay): Promise<void> => {
  const open = sql`d.customer_id = ${order.customer_id} and d.delivery_date = ${order.delivery_date}
    and d.status = 'pending'
    and (d.order_id = ${order.id} or d.order_id is null and not exists (
      select from orders o
      where o.customer_id = ${order.customer_id} and o.delivery_date = ${order.delivery_date}
        and o.status in ('PENDING', 'CONFIRMED', 'OUT_FOR_DELIVERY')))`;
  await sql`
    update delivery_statuses d set status = 'failed'
    where ${open} and exists (select from delivery_corrections c where c.delivery_id = d.id)`.execute(tx);
  await sql`delete from delivery_statuses d where ${open}`.execute(tx);
};
