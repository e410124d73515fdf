import { defineFailure } from "earlybird";
import type { Kysely } from "kysely";
import { addDays, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { requireServedCustomer } from "../customers/index.ts";
import type { SubscriptionsTable, Tables } from "../database.ts";
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

export interface NewSubscription {
  customerId: string;
  productId: string;
  quantity: number;
  schedule: SubscriptionsTable["schedule"];
  /** Customers begin with a day whose cut-off is still to come. */
  byCustomer: boolean;
  /** Tomorrow when left out, or the first day that customers can still order for: today's orders have been generated already. */
  startsOn: string | undefined;
  endsOn: string | undefined;
}

/**
 * Creates a subscription.
 *
 * @throws Failure EB_SUBSCRIPTION_PERIOD, EB_ORDER_CUT_OFF, EB_CUSTOMER_NOT_SERVED, EB_PRODUCT_UNAVAILABLE
 */
export const subscribe = (
  context: ApiContext,
  { customerId, byCustomer, productId, quantity, schedule, startsOn, endsOn }: NewSubscription,
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
    await requireServedCustomer(tx, customerId);
    await requireProductOnSale(tx, productId);
    return tx
      .insertInto("subscriptions")
      .values({
        id: newId("subscription", active),
        customer_id: customerId,
        product_id: productId,
        quantity,
        schedule,
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
