import { defineFailure } from "@earlybird-ops/platform";
import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { Kysely } from "kysely";
import { noteDayForBilling, noteForBilling } from "../billing/index.ts";
import { requireOwnStop } from "../couriers/index.ts";
import type { Tables } from "../database.ts";
import { newId } from "../ids/index.ts";
import { type LockedOrder, lockOrder } from "../orders/index.ts";
import { checkDeliveryDate } from "./dates.ts";
import { deliveryColumns } from "./delivery.ts";
import { handsOver, markDelivered } from "./order-status.ts";
import { compareQuantities, type HandedOver, type Outcome } from "./quantities.ts";

/** The outcome of a stop, with the user and the time. */
export interface Confirmation {
  outcome: Outcome;
  items?: readonly HandedOver[] | undefined;
  notes?: string | undefined;
  at: Date;
  /** The day of `at` in the time zone of the business. */
  today: string;
  /** A courier, who can confirm only their own stops. */
  courier?: string | undefined;
  by: {
    userId: string | null;
    name: string | null;
    method: "delivery" | "shared_link" | "admin";
    ipAddress: string;
    deviceInfo: string | null;
  };
}

export const alreadyConfirmed = defineFailure({
  code: "EB_ALREADY_CONFIRMED",
  status: 409,
  detail: "{what} is already confirmed; nothing was changed.",
  remedy: "GET /api/deliveries lists confirmed deliveries and who confirmed them.",
});

const nothingToDeliver = defineFailure({
  code: "EB_NOTHING_TO_DELIVER",
  status: 404,
  detail: "There is no delivery for customer {customerId} on {date}.",
  remedy: "Check both with GET /api/deliveries/route.",
});

const otherCustomer = defineFailure({
  code: "EB_ORDER_OF_OTHER_CUSTOMER",
  status: 422,
  detail: "Order {orderId} belongs to another customer.",
  remedy: "Omit customer_id: the order determines the customer.",
});

/** While step 20 is applied: confirms the delivery of one order, atomically in `tx`. */
export const confirmOrder = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  target: { orderId: string; customerId?: string | undefined; date?: string | undefined },
  confirmation: Confirmation,
) => {
  // A concurrent confirmation waits here for the lock, and then finds the result of the first.
  const order = await lockOrder(tx, target.orderId);
  await requireStop(tx, active, { customerId: order.customer_id, date: order.delivery_date }, confirmation);
  if (target.customerId !== undefined && target.customerId !== order.customer_id)
    throw otherCustomer({ orderId: order.id });
  if (order.status === "DELIVERED") throw alreadyConfirmed({ what: `Order ${order.id}` });
  const { today, outcome, items } = confirmation;
  const date = target.date ?? order.delivery_date;
  if (active.has("delivery-dates")) checkDeliveryDate(order, { date, today });
  const compared = active.has("delivery-quantities")
    ? compareQuantities(order.items, { outcome, items })
    : { outcome, items: undefined };
  const deliveryId = await findDelivery(tx, active, { order, at: confirmation.at });
  const delivery = await tx
    .updateTable("delivery_statuses")
    .set({
      ...recordOf(active, confirmation),
      status: compared.outcome,
      order_id: order.id,
      delivery_date: date,
      ...(compared.items && { items: JSON.stringify(compared.items) }),
    })
    .where("id", "=", deliveryId)
    .returning(deliveryColumns)
    .executeTakeFirstOrThrow();
  if (active.has("order-status") && handsOver(compared.outcome)) {
    await markDelivered(tx, order, confirmation.at);
  }
  await noteForBilling(tx, [order.id]);
  return delivery;
};

/**
 * While step 20 is rolled back: confirms all open deliveries of a customer on a day. Checks and updates that depend on
 * the order (its status, its quantities, its date) do not apply.
 */
export const confirmCustomerDay = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  { customerId, date }: { customerId: string; date: string },
  confirmation: Confirmation,
) => {
  await requireStop(tx, active, { customerId, date }, confirmation);
  const confirmed = await tx
    .updateTable("delivery_statuses")
    .set({ ...recordOf(active, confirmation), status: confirmation.outcome })
    .where("customer_id", "=", customerId)
    .where("delivery_date", "=", date)
    .where("status", "=", "pending")
    .returning(deliveryColumns)
    .execute();
  if (confirmed.length > 0) {
    await noteDayForBilling(tx, { customerId, date });
    return confirmed;
  }
  const any = await tx
    .selectFrom("delivery_statuses")
    .select("id")
    .where("customer_id", "=", customerId)
    .where("delivery_date", "=", date)
    .limit(1)
    .executeTakeFirst();
  throw any
    ? alreadyConfirmed({ what: `The delivery to customer ${customerId} on ${date}` })
    : nothingToDeliver({ customerId, date });
};

/** Whether step 24 is applied in this transaction. */
const requireStop = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  stop: { customerId: string; date: string },
  { courier }: Confirmation,
): Promise<void> => {
  if (courier !== undefined && active.has("role-checks")) await requireOwnStop(tx, courier, stop);
};

/** The values recorded in either case; step 25 adds the user, time, method and client. */
const recordOf = (active: ActiveBehaviours, { notes, at, by }: Confirmation) => ({
  delivered_by: by.userId,
  ...(notes !== undefined && { notes }),
  ...(active.has("delivery-audit") && {
    confirmed_by_user_id: by.userId,
    confirmed_by_name: by.name,
    confirmed_at: at,
    confirmation_method: by.method,
    ip_address: by.ipAddress,
    device_info: by.deviceInfo,
  }),
});

/**
 * The open delivery of an order: its own, else one of the customer and day that names no order (opened
 * while step 20 was rolled back), else a new one.
 */
const findDelivery = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  { order, at }: { order: LockedOrder; at: Date },
): Promise<string> => {
  const own = await tx
    .selectFrom("delivery_statuses")
    .select(["id", "status"])
    .where("order_id", "=", order.id)
    .execute();
  const open = own.find(({ status }) => status === "pending");
  if (open) return open.id;
  if (own.length > 0) throw alreadyConfirmed({ what: `The delivery of order ${order.id}` });
  const unnamed = await tx
    .selectFrom("delivery_statuses")
    .select("id")
    .where("order_id", "is", null)
    .where("customer_id", "=", order.customer_id)
    .where("delivery_date", "=", order.delivery_date)
    .where("status", "=", "pending")
    .orderBy("id")
    .limit(1)
    // Two orders of the same day can search concurrently: each gets a different delivery.
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (unnamed) return unnamed.id;
  const opened = await tx
    .insertInto("delivery_statuses")
    .values({
      id: newId("delivery", active),
      customer_id: order.customer_id,
      delivery_date: order.delivery_date,
      order_id: order.id,
      created_at: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return opened.id;
};
