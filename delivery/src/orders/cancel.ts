import { defineFailure } from "@earlybird-ops/platform";
import type { ApiContext } from "../context.ts";
import type { OrderStatus } from "../database.ts";
import { requireBeforeCutOff } from "./cut-off.ts";
import { dropOpenDelivery } from "./open-delivery.ts";
import { lockOrder, orderColumns } from "./order.ts";

const notCancellable = defineFailure({
  code: "EB_ORDER_NOT_CANCELLABLE",
  status: 409,
  detail: "Order {id} is {status} and cannot be cancelled.",
  remedy: "Only an order that is PENDING or CONFIRMED can be cancelled.",
});

const cancellable: readonly OrderStatus[] = ["PENDING", "CONFIRMED"];

/**
 * Cancels an order that is not out for delivery yet, and its open delivery.
 *
 * @param ownCustomer confines it to one customer's orders
 * @param byCustomer customers cancel until the cut-off
 * @throws Failure EB_ORDER_NOT_FOUND, EB_ORDER_NOT_CANCELLABLE, EB_ORDER_CUT_OFF
 */
export const cancelOrder = (
  context: ApiContext,
  { id, ownCustomer, byCustomer }: { id: string; ownCustomer: string | undefined; byCustomer: boolean },
) =>
  context.changes.transaction(async (tx) => {
    const order = await lockOrder(tx, id, ownCustomer);
    if (!cancellable.includes(order.status)) throw notCancellable({ id, status: order.status });
    if (byCustomer) requireBeforeCutOff(context, order.delivery_date);
    const cancelled = await tx
      .updateTable("orders")
      .set({ status: "CANCELLED" })
      .where("id", "=", id)
      .returning(orderColumns)
      .executeTakeFirstOrThrow();
    await dropOpenDelivery(tx, cancelled);
    return cancelled;
  });
