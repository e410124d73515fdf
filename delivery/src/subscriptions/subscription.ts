import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";
import { schedules } from "../database.ts";

export const subscriptionStatuses = ["active", "paused", "cancelled"] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

/** A subscription in a response of the API. */
export const subscriptionView = z.object({
  id: z.string(),
  customer_id: z.string(),
  product_id: z.string(),
  quantity: z.int(),
  schedule: z.enum(schedules),
  status: z.enum(subscriptionStatuses),
  starts_on: z.string(),
  ends_on: z.string().nullable(),
  paused_until: z.string().nullable().describe("the last day without a delivery; null: until resumed"),
  created_at: z.date(),
});

/** The columns that a {@link subscriptionView} needs. */
export const subscriptionColumns = [
  "id",
  "customer_id",
  "product_id",
  "quantity",
  "schedule",
  "status",
  "starts_on",
  "ends_on",
  "paused_until",
  "created_at",
] as const;

export const subscriptionNotFound = defineFailure({
  code: "EB_SUBSCRIPTION_NOT_FOUND",
  status: 404,
  detail: "There is no subscription {id}.",
  remedy: "GET /api/subscriptions lists the subscriptions.",
});
