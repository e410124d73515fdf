import { Failure } from "earlybird";
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

const transitionRefused = (id: string, action: Transition, status: SubscriptionStatus) =>
  new Failure(
    "EB_SUBSCRIPTION_STATE",
    409,
    `Subscription ${id} is ${status}; it is too late to ${action} it.`,
    `Only a subscription that is ${transitions[action].from.join(" or ")} can do that; otherwise create a new one.`,
  );

const pausedIntoThePast = (until: string) =>
  new Failure(
    "EB_PAUSE_IN_THE_PAST",
    422,
    `${until} has passed already.`,
    "Pause until today or a later day, or leave until out.",
  );

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
  if (until !== undefined && until < today(clock)) throw pausedIntoThePast(until);
  return changes.transaction(async (tx) => {
    const found = await tx
      .selectFrom("subscriptions")
      .select(["id", "status"])
      .where("id", "=", id)
      .$if(ownCustomer !== undefined, (query) => query.where("customer_id", "=", ownCustomer ?? ""))
      .forUpdate()
      .executeTakeFirst();
    if (!found) throw subscriptionNotFound(id);
    const { from, to } = transitions[action];
    const allowed: readonly SubscriptionStatus[] = from;
    if (!allowed.includes(found.status)) throw transitionRefused(id, action, found.status);
    return tx
      .updateTable("subscriptions")
      .set({ status: to, paused_until: until ?? null })
      .where("id", "=", id)
      .returning(subscriptionColumns)
      .executeTakeFirstOrThrow();
  });
};
