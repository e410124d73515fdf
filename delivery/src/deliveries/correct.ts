import { isDeepStrictEqual } from "node:util";
import { defineFailure } from "@earlybird-ops/platform";
import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { Kysely } from "kysely";
import { noteDayForBilling, noteForBilling } from "../billing/index.ts";
import type { DeliveredItem, OrderStatus, Tables } from "../database.ts";
import { type LockedOrder, lockOrder } from "../orders/index.ts";
import { recordCorrection } from "./corrections.ts";
import { checkDeliveryDate } from "./dates.ts";
import { type Delivery, deliveryColumns, deliveryNotFound } from "./delivery.ts";
import { handsOver, markDelivered, unmarkDelivered } from "./order-status.ts";
import { compareQuantities, type HandedOver, type Outcome } from "./quantities.ts";

/** A correction of a confirmed delivery by staff; `pending` means that it has not been delivered yet. */
export interface Correction {
  outcome: Outcome | "pending";
  items: readonly HandedOver[] | undefined;
  date: string | undefined;
  reason: string;
  by: { id: string; name: string };
  at: Date;
  /** The day of `at` in the time zone of the business. */
  today: string;
}

const notConfirmed = defineFailure({
  code: "EB_DELIVERY_NOT_CONFIRMED",
  status: 409,
  detail: "Delivery {id} is not confirmed; there is nothing to correct.",
  remedy: "Confirm it at POST /api/deliveries/confirm.",
});

const nothingToCorrect = defineFailure({
  code: "EB_NOTHING_TO_CORRECT",
  status: 409,
  detail: "Delivery {id} already has these values; nothing was changed.",
  remedy: "GET /api/deliveries shows the recorded values.",
});

const deliveryChanged = defineFailure({
  code: "EB_DELIVERY_CHANGED",
  status: 409,
  detail: "Delivery {id} was changed by another request; your correction was not applied.",
  remedy: "Send the correction again.",
});

const orderCancelled = defineFailure({
  code: "EB_ORDER_CANCELLED",
  status: 409,
  detail: "Order {id} is cancelled; its delivery cannot be reopened.",
  remedy: "Correct the delivery to failed.",
});

const quantitiesRolledBack = defineFailure({
  code: "EB_QUANTITIES_ROLLED_BACK",
  status: 409,
  detail: "While step 26 (delivery-quantities) is rolled back, a correction cannot record quantities.",
  remedy: "Omit items and correct the status, or ask the operator to re-apply step 26.",
});

const orderedUnknown = defineFailure({
  code: "EB_ORDERED_QUANTITIES_UNKNOWN",
  status: 409,
  detail: "Delivery {id} has no order; quantities cannot be compared.",
  remedy: "Omit items and correct the status to delivered, shortage, failed or pending.",
});

/**
 * Corrects a confirmed delivery, and its order's status with it. The earlier values are kept in
 * `delivery_corrections`; the user who confirmed (step 25) stays. Atomic in `tx`.
 *
 * @throws Failure EB_DELIVERY_NOT_FOUND, EB_DELIVERY_NOT_CONFIRMED, EB_NOTHING_TO_CORRECT, EB_ORDER_CANCELLED,
 *   EB_QUANTITIES_ROLLED_BACK, EB_ORDERED_QUANTITIES_UNKNOWN, EB_DELIVERY_CHANGED, and those of a confirmation
 */
export const correctDelivery = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  id: string,
  correction: Correction,
): Promise<Delivery> => {
  const { delivery, order } = await lockDelivery(tx, id);
  if (delivery.status === "pending") throw notConfirmed({ id });
  const date = dateOf(active, { delivery, order }, correction);
  const { outcome, items } = quantitiesOf(active, { delivery, order }, correction);
  const same = outcome === delivery.status && date === delivery.delivery_date;
  if (same && isDeepStrictEqual(items, delivery.items)) throw nothingToCorrect({ id });
  const corrected = await tx
    .updateTable("delivery_statuses")
    .set({
      status: outcome,
      delivery_date: date,
      // Do not write unchanged items: while step 26 is rolled back, that would replace its parked values.
      ...(!isDeepStrictEqual(items, delivery.items) && { items: items && JSON.stringify(items) }),
    })
    .where("id", "=", id)
    .returning(deliveryColumns)
    .executeTakeFirstOrThrow();
  if (order) await noteForBilling(tx, [order.id]);
  else {
    const { customer_id: customerId } = delivery;
    for (const day of new Set([delivery.delivery_date, date]))
      await noteDayForBilling(tx, { customerId, date: day });
  }
  const orderStatus = order && (await followDelivery(tx, active, order, { corrected, at: correction.at }));
  if (outcome === "pending" && order && orderStatus === "CANCELLED") throw orderCancelled({ id: order.id });
  await recordCorrection(tx, correction, {
    before: { ...delivery, order_status: order?.status ?? null },
    after: { ...corrected, order_status: orderStatus ?? null },
  });
  return corrected;
};

interface Locked {
  delivery: Delivery;
  /** Undefined while step 20 is rolled back, and for a delivery that names no order. */
  order: LockedOrder | undefined;
}

/** Locks the order first, as a confirmation does, so that the two cannot deadlock. */
const lockDelivery = async (tx: Kysely<Tables>, id: string): Promise<Locked> => {
  const found = await tx
    .selectFrom("delivery_statuses")
    .select("order_id")
    .where("id", "=", id)
    .executeTakeFirst();
  if (!found) throw deliveryNotFound({ id });
  const order = found.order_id === null ? undefined : await lockOrder(tx, found.order_id);
  const delivery = await tx
    .selectFrom("delivery_statuses")
    .select(deliveryColumns)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (delivery?.order_id !== found.order_id) throw deliveryChanged({ id });
  return { delivery, order };
};

/** An open delivery is on the route of its order's day; any other keeps its date unless another is sent. */
const dateOf = (
  active: ActiveBehaviours,
  { delivery, order }: Locked,
  { outcome, date: asked, today }: Correction,
): string => {
  if (outcome === "pending") return order?.delivery_date ?? delivery.delivery_date;
  const date = asked ?? delivery.delivery_date;
  // A failed delivery is valid on any date, even on one that step 27 refuses.
  const claimed = handsOver(outcome) || asked !== undefined;
  if (claimed && active.has("delivery-dates")) checkDeliveryDate(order, { date, today });
  return date;
};

/** The recorded items, and the outcome that follows from them (step 26). */
const quantitiesOf = (
  active: ActiveBehaviours,
  { delivery, order }: Locked,
  { outcome, items: sent }: Correction,
): { outcome: Correction["outcome"]; items: DeliveredItem[] | null } => {
  if (outcome === "pending") return { outcome, items: null };
  const unchanged = outcome === delivery.status;
  const needed = sent !== undefined || (outcome === "partially_delivered" && !unchanged);
  if (!active.has("delivery-quantities")) {
    if (needed) throw quantitiesRolledBack({}, { step: 26 });
    return { outcome, items: delivery.items };
  }
  const ordered =
    order?.items ??
    delivery.items?.map(({ product_id, ordered_qty }) => ({ product_id, quantity: ordered_qty }));
  if (!ordered) {
    if (needed) throw orderedUnknown({ id: delivery.id });
    return { outcome, items: null };
  }
  const items = sent ?? (unchanged && delivery.items ? delivery.items : undefined);
  return compareQuantities(ordered, { outcome, items });
};

/** Step 22. What turned the order back is right in any case: an order of which nothing was handed over is open. */
const followDelivery = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  order: LockedOrder,
  { corrected, at }: { corrected: Delivery; at: Date },
): Promise<OrderStatus> => {
  if (!handsOver(corrected.status)) return unmarkDelivered(tx, order);
  if (order.status === "DELIVERED" || !active.has("order-status")) return order.status;
  await markDelivered(tx, order, corrected.confirmed_at ?? at);
  return "DELIVERED";
};
