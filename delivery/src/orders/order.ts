import { defineFailure } from "@earlybird-ops/platform";
import type { Kysely } from "kysely";
import { z } from "zod";
import { orderStatuses, type Tables } from "../database.ts";

/** An order in a response of the API. */
export const orderView = z.object({
  id: z.string(),
  customer_id: z.string(),
  subscription_id: z.string().nullable(),
  placed_by: z.string().nullable(),
  kind: z.enum(["one_time", "subscription"]),
  items: z.array(z.object({ product_id: z.string(), quantity: z.int(), unit_price_paise: z.int() })),
  total_paise: z.int(),
  delivery_date: z.string(),
  status: z.enum(orderStatuses),
  delivered_at: z.date().nullable(),
  notes: z.string().nullable(),
  created_at: z.date(),
});

/** The columns that an {@link orderView} needs. */
export const orderColumns = [
  "id",
  "customer_id",
  "subscription_id",
  "placed_by",
  "kind",
  "items",
  "total_paise",
  "delivery_date",
  "status",
  "delivered_at",
  "notes",
  "created_at",
] as const;

export const orderNotFound = defineFailure({
  code: "EB_ORDER_NOT_FOUND",
  status: 404,
  detail: "There is no order {id}.",
  remedy: "GET /api/orders lists the orders.",
});

/**
 * Reads an order and keeps others from changing it until the transaction ends.
 *
 * @param ownCustomer confines the search to one customer's orders
 * @throws Failure EB_ORDER_NOT_FOUND
 */
export const lockOrder = async (tx: Kysely<Tables>, id: string, ownCustomer?: string) => {
  const order = await tx
    .selectFrom("orders")
    .select(orderColumns)
    .where("id", "=", id)
    .$if(ownCustomer !== undefined, (query) => query.where("customer_id", "=", ownCustomer ?? ""))
    .forUpdate()
    .executeTakeFirst();
  if (!order) throw orderNotFound({ id });
  return order;
};

export type LockedOrder = Awaited<ReturnType<typeof lockOrder>>;
