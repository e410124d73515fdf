import { defineFailure, Failure } from "@earlybird-ops/platform";
import { daysBetween } from "../calendar.ts";
import type { OrderStatus } from "../database.ts";

const toleranceDays = 1;

const phantomDelivery = defineFailure({
  code: "EB_PHANTOM_DELIVERY",
  status: 422,
  detail: "{detail}",
  remedy: "Confirm a delivery on its day; if the order is wrong, correct it first.",
});

/** Whether this is what {@link checkDeliveryDate} throws; `extra` then holds `step`, `delivery_date`, and `order_id` if there is one. */
export const isPhantomDelivery = (error: unknown): error is Failure =>
  error instanceof Failure && error.code === "EB_PHANTOM_DELIVERY";

/**
 * Step 27: refuses deliveries that cannot have happened.
 *
 * @throws Failure EB_PHANTOM_DELIVERY for a cancelled order, a date to come, and a date more than one day
 *   before or after the order's; of a delivery without order, only a future date can be recognized
 */
export const checkDeliveryDate = (
  order: { id: string; status: OrderStatus; delivery_date: string } | undefined,
  { date, today }: { date: string; today: string },
): void => {
  const refused = { step: 27, ...(order && { order_id: order.id }), delivery_date: date };
  if (order?.status === "CANCELLED")
    throw phantomDelivery({ detail: `Order ${order.id} is cancelled.` }, refused);
  if (date > today)
    throw phantomDelivery({ detail: `${date} is still to come; today is ${today}.` }, refused);
  if (order && Math.abs(daysBetween(order.delivery_date, date)) > toleranceDays) {
    throw phantomDelivery(
      {
        detail: `Order ${order.id} is for ${order.delivery_date}; ${date} is more than ${toleranceDays} day away.`,
      },
      refused,
    );
  }
};
