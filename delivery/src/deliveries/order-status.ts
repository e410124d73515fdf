import { type Kysely, sql } from "kysely";
import type { deliveryOutcomes, OrderStatus, Tables } from "../database.ts";
import type { LockedOrder } from "../orders/index.ts";

/** Whether any item was handed over: only then is the order delivered. */
export const handsOver = (outcome: (typeof deliveryOutcomes)[number]): boolean =>
  outcome === "delivered" || outcome === "partially_delivered";

/** Step 22. The earlier status is stored so that a rollback can restore it for exactly these orders. */
export const markDelivered = async (tx: Kysely<Tables>, order: LockedOrder, at: Date): Promise<void> => {
  await tx
    .updateTable("orders")
    .set({
      status: "DELIVERED",
      delivered_at: at,
      delivery_confirmed: true,
      status_before_delivery: order.status,
    })
    .where("id", "=", order.id)
    .execute();
};

/**
 * Restores the earlier status of an order if nothing was handed over after all. An order that was DELIVERED before step
 * 22 has none and becomes CONFIRMED. An order with another successful delivery does not change.
 *
 * @returns the resulting status of the order
 */
export const unmarkDelivered = async (tx: Kysely<Tables>, order: LockedOrder): Promise<OrderStatus> => {
  const { rows } = await sql<{ status: OrderStatus }>`
    update orders set status = coalesce(status_before_delivery, 'CONFIRMED'),
      delivered_at = null, delivery_confirmed = null, status_before_delivery = null
    where id = ${order.id} and status = 'DELIVERED' and not exists (
      select from delivery_statuses d
      where d.order_id = orders.id and d.status in ('delivered', 'partially_delivered'))
    returning status`.execute(tx);
  return rows[0]?.status ?? order.status;
};
