import { defineFailure } from "@earlybird-ops/platform";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { Tables } from "../database.ts";

export const customerStatuses = ["active", "paused", "closed"] as const;

/** A customer as the API shows it. */
export const customerView = z.object({
  id: z.string(),
  name: z.string(),
  phone: z.string(),
  address: z.string(),
  area: z.string(),
  status: z.enum(customerStatuses),
  user_id: z.string().nullable(),
  created_at: z.date(),
});

/** The columns that a {@link customerView} needs. */
export const customerColumns = [
  "id",
  "name",
  "phone",
  "address",
  "area",
  "status",
  "user_id",
  "created_at",
] as const;

export const customerNotFound = defineFailure({
  code: "EB_CUSTOMER_NOT_FOUND",
  status: 404,
  detail: "There is no customer {id}.",
  remedy: "GET /api/customers lists the customers.",
});

const customerNotServed = defineFailure({
  code: "EB_CUSTOMER_NOT_SERVED",
  status: 422,
  detail: "There is no customer {id}, or the customer is closed.",
  remedy: "GET /api/customers?status=active lists the active customers.",
});

/**
 * Checks that a customer can get new orders and subscriptions.
 *
 * @throws Failure EB_CUSTOMER_NOT_SERVED
 */
export const requireServedCustomer = async (tx: Kysely<Tables>, id: string): Promise<void> => {
  const customer = await tx
    .selectFrom("customers")
    .select("id")
    .where("id", "=", id)
    .where("status", "!=", "closed")
    .executeTakeFirst();
  if (!customer) throw customerNotServed({ id });
};
