import type { Kysely } from "kysely";
import type { deliveryOutcomes, Tables } from "../database.ts";
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
