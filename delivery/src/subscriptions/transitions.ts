import { defineFailure } from "@earlybird-ops/platform";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { type SubscriptionStatus, subscriptionColumns, subscriptionNotFound } from "./subscription.ts";

/** What may be done with a subscription in which state, and where that leads. */
const transitions = {
  pause: { from: ["active", "paused"], to: "paused" },
  resume: { from: ["paused"], to: "active" },
  cancel: { from: ["active", "paused"], to: "cancelled" },
} as const satisfies Record<string, { from: readonly SubscriptionStatus[]; to: SubscriptionStatus }>;

export type Transition = keyof typeof transitions;

const transitionRefused = defineFailure({
  code: "EB_SUBSCRIPTION_STATE",
  status: 409,
  detail: "Subscription {id} is {status} and cannot be changed with {action}.",
  remedy: "You can {action} a subscription that is {allowed}; otherwise create a new one.",
});

const pausedIntoThePast = defineFailure({
  code: "EB_PAUSE_IN_THE_PAST",
  status: 422,
  detail: "{until} is in the past.",
  remedy: "Choose today or a later day, or omit until.",
});

/**
 * Pauses, resumes or cancels a subscription. Orders that have been generated stay; each can be cancelled.
 *
 * @param request.until the last day without delivery; left out: until somebody resumes it
 * @throws Failure EB_SUBSCRIPTION_NOT_FOUND, EB_SUBSCRIPTION_STATE, EB_PAUSE_IN_THE_PAST
 */
export const changeSubscription = (
  { changes, clock }: ApiContext,
  {
    id,
    action,
    until,
    ownCustomer,
  }: {
    id: string;
    action: Transition;
    until?: string | undefined;
    ownCustomer: string | undefined;
  },
) => {
  if (until !== undefined && until < today(clock)) throw pausedIntoThePast({ until });
  return changes.transaction(async (tx) => {
    const found = await tx
      .selectFrom("subscriptions")
      .select(["id", "status"])
      .where("id", "=", id)
      .$if(ownCustomer !== undefined, (query) => query.where("customer_id", "=", ownCustomer ?? ""))
      .forUpdate()
      .executeTakeFirst();
    if (!found) throw subscriptionNotFound({ id });
    const { from, to } = transitions[action];
    const allowed: readonly SubscriptionStatus[] = from;
    if (!allowed.includes(found.status))
      throw transitionRefused({ id, action, status: found.status, allowed: allowed.join(" or ") });
    return tx
      .updateTable("subscriptions")
      .set({ status: to, paused_until: until ?? null })
      .where("id", "=", id)
      .returning(subscriptionColumns)
      .executeTakeFirstOrThrow();
  });
};
