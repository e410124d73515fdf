import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { schedules, type Tables } from "../database.ts";
import { calendarDate, changeOf, id, quantity } from "../fields.ts";
import { generationLock } from "../locks.ts";
import { periodRefused, requireProductOnSale } from "./subscribe.ts";
import { subscriptionColumns, subscriptionNotFound } from "./subscription.ts";

const cancelled = defineFailure({
  code: "EB_SUBSCRIPTION_CANCELLED",
  status: 409,
  detail: "Subscription {id} is cancelled and cannot be changed.",
  remedy: "Create a new subscription.",
});

export const subscriptionEdit = changeOf({
  quantity,
  schedule: z.enum(schedules),
  product_id: id,
  ends_on: calendarDate.nullable(),
});

/**
 * Changes a subscription from the first day on for which no orders have been generated. The orders of a day are made by
 * what the subscription was for that day, however often they are generated.
 *
 * @param ownCustomer confines it to one customer's subscriptions
 * @throws Failure EB_SUBSCRIPTION_NOT_FOUND, EB_SUBSCRIPTION_CANCELLED, EB_SUBSCRIPTION_PERIOD, EB_PRODUCT_UNAVAILABLE
 */
export const editSubscription = (
  { changes, clock }: ApiContext,
  {
    id,
    edit,
    ownCustomer,
  }: { id: string; edit: z.output<typeof subscriptionEdit>; ownCustomer: string | undefined },
) => {
  const day = today(clock);
  const { ends_on, product_id, quantity, schedule } = edit;
  if (ends_on != null && ends_on < day) throw periodRefused({ detail: `${ends_on} has passed.` });
  return changes.transaction(async (tx) => {
    // Not while a day's orders are generated: they would be of one kind, and the terms of that day of another.
    await sql`select pg_advisory_xact_lock_shared(${sql.join(generationLock)})`.execute(tx);
    const found = await tx
      .selectFrom("subscriptions")
      .select(["id", "status", "starts_on"])
      .where("id", "=", id)
      .$if(ownCustomer !== undefined, (query) => query.where("customer_id", "=", ownCustomer ?? ""))
      .forUpdate()
      .executeTakeFirst();
    if (!found) throw subscriptionNotFound({ id });
    if (found.status === "cancelled") throw cancelled({ id });
    if (ends_on != null && ends_on < found.starts_on)
      throw periodRefused({ detail: `${ends_on} comes before the start on ${found.starts_on}.` });
    if (product_id !== undefined) await requireProductOnSale(tx, product_id);
    if (product_id !== undefined || quantity !== undefined || schedule !== undefined)
      await keepTerms(tx, id, day);
    return tx
      .updateTable("subscriptions")
      .set(edit)
      .where("id", "=", id)
      .returning(subscriptionColumns)
      .executeTakeFirstOrThrow();
  });
};

/**
 * Keeps what the subscription is, for the days that have orders. An order that names no subscription (step 19) may be
 * one of it. Of two changes with no generation in between, the first one keeps what the orders were made by.
 */
const keepTerms = async (tx: Kysely<Tables>, id: string, day: string): Promise<void> => {
  await sql`
    insert into subscription_terms (subscription_id, until, product_id, quantity, schedule)
    select s.id,
      coalesce((
        select max(o.delivery_date) from orders o
        where o.customer_id = s.customer_id and o.kind = 'subscription' and o.delivery_date >= ${day}::date
          and (o.subscription_id = s.id or o.subscription_id is null)
      ), ${day}::date - 1),
      s.product_id, s.quantity, s.schedule
    from subscriptions s where s.id = ${id}
    on conflict do nothing`.execute(tx);
};
