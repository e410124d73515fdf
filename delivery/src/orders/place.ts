import { defineFailure } from "@earlybird-ops/platform";
import type { Kysely } from "kysely";
import { z } from "zod";
import { addDays, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { requireServedCustomer } from "../customers/index.ts";
import type { OrderItem, Tables } from "../database.ts";
import { calendarDate, id, note, quantity } from "../fields.ts";
import { newId } from "../ids/index.ts";
import { productUnavailable } from "../products/index.ts";
import { requireBeforeCutOff } from "./cut-off.ts";
import { openDelivery } from "./open-delivery.ts";
import { orderColumns } from "./order.ts";

const daysAhead = 366;

const dateOutOfRange = defineFailure({
  code: "EB_DELIVERY_DATE_OUT_OF_RANGE",
  status: 422,
  detail: "Orders for {date} are not possible.",
  remedy: "Choose a day from {first} to {last}.",
});

export const newOrder = z.strictObject({
  customer_id: id.optional().describe("customers omit it: they order for themselves"),
  delivery_date: calendarDate,
  items: z
    .array(z.strictObject({ product_id: id, quantity }))
    .min(1)
    .max(50)
    .refine(
      (items) => new Set(items.map(({ product_id }) => product_id)).size === items.length,
      "must name each product once",
    ),
  notes: note.optional(),
});

interface Placing extends z.output<typeof newOrder> {
  customer_id: string;
  placedBy: string;
  /** Customers order until the cut-off. */
  byCustomer: boolean;
}

/**
 * Places a one-time order at today's prices, with its open delivery.
 *
 * @throws Failure EB_DELIVERY_DATE_OUT_OF_RANGE, EB_ORDER_CUT_OFF, EB_CUSTOMER_NOT_SERVED, EB_PRODUCT_UNAVAILABLE
 */
export const placeOrder = (context: ApiContext, order: Placing) => {
  const { changes, clock } = context;
  const [first, last] = [today(clock), addDays(today(clock), daysAhead)];
  const { delivery_date, customer_id } = order;
  if (delivery_date < first || delivery_date > last)
    throw dateOutOfRange({ date: delivery_date, first, last });
  if (order.byCustomer) requireBeforeCutOff(context, delivery_date);
  const now = clock.now();
  return changes.transaction(async (tx, active) => {
    await requireServedCustomer(tx, customer_id);
    const items = await priced(tx, order.items);
    const placed = await tx
      .insertInto("orders")
      .values({
        id: newId("order", active),
        customer_id,
        placed_by: order.placedBy,
        kind: "one_time",
        items: JSON.stringify(items),
        total_paise: items.reduce((sum, item) => sum + item.quantity * item.unit_price_paise, 0),
        delivery_date,
        notes: order.notes ?? null,
        created_at: now,
      })
      .returning(orderColumns)
      .executeTakeFirstOrThrow();
    await openDelivery(tx, active, { order: placed, at: now });
    return placed;
  });
};

const priced = async (tx: Kysely<Tables>, wanted: Placing["items"]): Promise<OrderItem[]> => {
  const ids = wanted.map(({ product_id }) => product_id);
  const products = await tx
    .selectFrom("products")
    .select(["id", "price_paise"])
    .where("id", "in", ids)
    .where("active", "=", true)
    .execute();
  const prices = new Map(products.map(({ id, price_paise }) => [id, price_paise]));
  return wanted.map(({ product_id, quantity }) => {
    const unit_price_paise = prices.get(product_id);
    if (unit_price_paise === undefined) throw productUnavailable({ id: product_id });
    return { product_id, quantity, unit_price_paise };
  });
};
