import { defineFailure } from "@earlybird-ops/platform";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { loginOf } from "../auth/index.ts";
import { today } from "../calendar.ts";
import { clientOf } from "../client.ts";
import type { ApiContext } from "../context.ts";
import { calendarDate, id, note } from "../fields.ts";
import { type Confirmation, confirmCustomerDay, confirmOrder } from "./confirm.ts";
import { confirmableOutcomes, handedOverItems } from "./quantities.ts";

const orderNeeded = defineFailure({
  code: "EB_ORDER_ID_NEEDED",
  status: 400,
  detail: "A delivery is confirmed by its order (step 20, delivery-order).",
  remedy: "Send order_id; the day's route at GET /api/deliveries/route has it.",
});

const customerAndDateNeeded = defineFailure({
  code: "EB_CUSTOMER_AND_DATE_NEEDED",
  status: 400,
  detail: "While step 20 (delivery-order) is rolled back, a delivery is confirmed by customer and date.",
  remedy: "Send customer_id and delivery_date.",
});

export const confirmBody = z.strictObject({
  order_id: id.optional().describe("required while step 20 is applied"),
  customer_id: id.optional().describe("required, with the date, while step 20 is rolled back"),
  delivery_date: calendarDate.optional(),
  status: z.enum(confirmableOutcomes).default("delivered"),
  items: handedOverItems.optional(),
  notes: note.optional(),
});

/**
 * Confirms a delivery, by its order or, while step 20 is rolled back, by customer and date.
 *
 * @returns the confirmed deliveries
 */
export const confirm = (
  { changes, clock }: ApiContext,
  request: FastifyRequest,
  { order_id, customer_id, delivery_date, status, items, notes }: z.infer<typeof confirmBody>,
) => {
  const login = loginOf(request);
  const confirmation: Confirmation = {
    outcome: status,
    items,
    notes,
    at: clock.now(),
    today: today(clock),
    courier: login.role === "delivery" ? login.id : undefined,
    by: {
      userId: login.id,
      name: login.name,
      method: login.role === "delivery" ? "delivery" : "admin",
      ...clientOf(request),
    },
  };
  return changes.transaction(async (tx, active) => {
    if (active.has("delivery-order")) {
      if (order_id === undefined) throw orderNeeded({}, { step: 20 });
      const target = { orderId: order_id, customerId: customer_id, date: delivery_date };
      return [await confirmOrder(tx, active, target, confirmation)];
    }
    if (customer_id === undefined || delivery_date === undefined)
      throw customerAndDateNeeded({}, { step: 20 });
    const target = { customerId: customer_id, date: delivery_date };
    return confirmCustomerDay(tx, active, target, confirmation);
  });
};
