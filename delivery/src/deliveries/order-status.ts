import { type Kysely, sql } from "kysely";
import type { deliveryOutcomes, OrderStatus, Tables } from "../database.ts";
import type { LockedOrder } from "../orders/index.ts";

/** Whether something was handed over: only then has the order been delivered. */
export const handsOver = (outcome: (typeof deliveryOutcomes)[number]): boolean =>
  outcome === "delivered" || outcome === "partially_delivered";

/** Step 22. Remembering the status makes it possible to return exactly these orders to where they were. */
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
 * Returns an order of which nothing was handed over after all to the status it had. One that was DELIVERED before
 * step 22 remembers none and becomes CONFIRMED. An order of which another delivery handed something over stays.
 *
 * @returns the order's status now
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
