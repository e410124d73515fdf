import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";
import { deliveryOutcomes } from "../database.ts";

/** A delivery in a response of the API. */
export const deliveryView = z.object({
  id: z.string(),
  order_id: z.string().nullable(),
  customer_id: z.string(),
  delivery_date: z.string(),
  status: z.enum(deliveryOutcomes),
  items: z
    .array(
      z.object({
        product_id: z.string(),
        ordered_qty: z.int(),
        delivered_qty: z.int(),
        status: z.enum(["full", "partial", "shortage"]),
      }),
    )
    .nullable(),
  notes: z.string().nullable(),
  delivered_by: z.string().nullable(),
  confirmed_by_user_id: z.string().nullable(),
  confirmed_by_name: z.string().nullable(),
  confirmed_at: z.date().nullable(),
  confirmation_method: z.enum(["delivery", "shared_link", "admin"]).nullable(),
  ip_address: z.string().nullable(),
  device_info: z.string().nullable(),
  created_at: z.date(),
});

export type Delivery = z.infer<typeof deliveryView>;

export const deliveryNotFound = defineFailure({
  code: "EB_DELIVERY_NOT_FOUND",
  status: 404,
  detail: "There is no delivery {id}.",
  remedy: "GET /api/deliveries lists the deliveries.",
});

/** The columns that a {@link deliveryView} needs. */
export const deliveryColumns = [
  "id",
  "order_id",
  "customer_id",
  "delivery_date",
  "status",
  "items",
  "notes",
  "delivered_by",
  "confirmed_by_user_id",
  "confirmed_by_name",
  "confirmed_at",
  "confirmation_method",
  "ip_address",
  "device_info",
  "created_at",
] as const;
