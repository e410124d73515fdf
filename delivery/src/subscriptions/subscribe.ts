import { defineFailure } from "@earlybird-ops/platform";
import type { Kysely } from "kysely";
import { z } from "zod";
import { addDays, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { requireServedCustomer } from "../customers/index.ts";
import { schedules, type Tables } from "../database.ts";
import { calendarDate, id, quantity } from "../fields.ts";
import { newId } from "../ids/index.ts";
import { firstOpenDay, requireBeforeCutOff } from "../orders/index.ts";
import { productUnavailable } from "../products/index.ts";
import { subscriptionColumns } from "./subscription.ts";

export const periodRefused = defineFailure({
  code: "EB_SUBSCRIPTION_PERIOD",
  status: 422,
  detail: "{detail}",
  remedy: "Choose a start date from today on, and an end date on or after it.",
});

export const newSubscription = z.strictObject({
  customer_id: id.optional().describe("customers omit it: they subscribe for themselves"),
  product_id: id,
  quantity,
  schedule: z
    .enum(schedules)
    .describe("alternate: every second day from starts_on; weekdays: Monday to Friday"),
  starts_on: calendarDate.optional().describe("default: tomorrow"),
  ends_on: calendarDate.optional(),
});

interface Subscribing extends z.output<typeof newSubscription> {
  customer_id: string;
  /** Customers cannot start on a day whose cut-off has passed. */
  byCustomer: boolean;
}

/**
 * Creates a subscription. By default it starts tomorrow, or on the first day that customers can still order for: the
 * orders of today have been generated.
 *
 * @throws Failure EB_SUBSCRIPTION_PERIOD, EB_ORDER_CUT_OFF, EB_CUSTOMER_NOT_SERVED, EB_PRODUCT_UNAVAILABLE
 */
export const subscribe = (
  context: ApiContext,
  { byCustomer, starts_on: startsOn, ends_on: endsOn, ...subscription }: Subscribing,
) => {
  const { changes, clock } = context;
  const first = today(clock);
  const starts_on = startsOn ?? ((byCustomer && firstOpenDay(context)) || addDays(first, 1));
  if (starts_on < first) throw periodRefused({ detail: `${starts_on} has passed.` });
  if (byCustomer) requireBeforeCutOff(context, starts_on);
  if (endsOn !== undefined && endsOn < starts_on)
    throw periodRefused({ detail: `${endsOn} comes before the start on ${starts_on}.` });
  const created_at = clock.now();
  return changes.transaction(async (tx, active) => {
    await requireServedCustomer(tx, subscription.customer_id);
    await requireProductOnSale(tx, subscription.product_id);
    return tx
      .insertInto("subscriptions")
      .values({
        id: newId("subscription", active),
        ...subscription,
        starts_on,
        ends_on: endsOn ?? null,
        created_at,
      })
      .returning(subscriptionColumns)
      .executeTakeFirstOrThrow();
  });
};

/** @throws Failure EB_PRODUCT_UNAVAILABLE */
export const requireProductOnSale = async (tx: Kysely<Tables>, productId: string): Promise<void> => {
  const product = await tx
    .selectFrom("products")
    .select("id")
    .where("id", "=", productId)
    .where("active", "=", true)
    .executeTakeFirst();
  if (!product) throw productUnavailable({ id: productId });
};
