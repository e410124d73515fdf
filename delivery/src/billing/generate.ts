import { Failure } from "earlybird";
import type { ActiveBehaviours } from "earlybird/rollback";
import { type Kysely, sql } from "kysely";
import { addDays, firstOfMonth, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import type { Tables } from "../database.ts";
import { newId } from "../ids/index.ts";
import { billingLock } from "../locks.ts";
import { charge, delivered } from "./charges.ts";

const monthToCome = (period: string, current: string) =>
  new Failure(
    "EB_PERIOD_TO_COME",
    422,
    `${period} is still to come.`,
    `Bill ${current} or a month before it.`,
  );

/** What a run did. */
export interface BillingRun {
  subscription_bills: number;
  corrected_drafts: number;
  one_time_bills: number;
}

interface Run {
  tx: Kysely<Tables>;
  active: ActiveBehaviours;
  /** First day of the month, and of the next. */
  first: string;
  next: string;
  now: Date;
}

/**
 * Bills a month: each customer's subscriptions in one draft, and each one-time order in a draft of its own
 * (step 23). A second run bills nothing twice, also when two run at once.
 *
 * @param month `YYYY-MM`, not in the future
 * @throws Failure EB_PERIOD_TO_COME
 */
export const generateBills = async (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  month: string,
): Promise<BillingRun> => {
  const first = `${month}-01`;
  const current = firstOfMonth(today(clock));
  if (first > current) throw monthToCome(month, current.slice(0, 7));
  const next = firstOfMonth(addDays(first, 31));
  return changes.transaction(async (tx, active) => {
    await sql`select pg_advisory_xact_lock(${sql.join(billingLock)})`.execute(tx);
    const run = { tx, active, first, next, now: clock.now() };
    // Step 23 needs the links and states of 20 and 22: while these are rolled back it rests.
    const oneTime = ["one-time-billing", "order-status", "delivery-order"].every((name) => active.has(name));
    const done = {
      ...(await billSubscriptions(run)),
      one_time_bills: oneTime ? await billOneTimeOrders(run) : 0,
    };
    await noteSuccess(tx, { period: first, succeeded_at: clock.now() });
    return done;
  });
};

/** For the other instances: one of them may have raised an alert about the month. */
const noteSuccess = (tx: Kysely<Tables>, run: Tables["billing_runs"]) =>
  tx
    .insertInto("billing_runs")
    .values(run)
    .onConflict((conflict) => conflict.column("period").doUpdateSet(run))
    .execute();

/** One draft for each customer who has none; a draft of an earlier run follows what was delivered since. */
const billSubscriptions = async ({ tx, active, first, next, now }: Run) => {
  const { rows } = await sql<{ subscription_bills: number; corrected_drafts: number }>`
    with due as (
      select o.customer_id, sum(${charge(active.has("delivery-quantities"))})::bigint as amount_paise
      from orders o
      where o.kind = 'subscription' and o.delivery_date >= ${first}::date and o.delivery_date < ${next}::date
        and ${delivered}
      group by o.customer_id
    ),
    corrected as (
      update billing_records b set amount_paise = due.amount_paise
      from due
      where b.customer_id = due.customer_id and b.period = ${first}::date and b.covers = 'subscriptions'
        and b.status = 'draft' and b.amount_paise <> due.amount_paise
      returning b.id
    ),
    made as (
      insert into billing_records (id, customer_id, period, amount_paise, created_at)
      select ${newId("bill", active)}, due.customer_id, ${first}::date, due.amount_paise, ${now}
      from due
      where due.amount_paise > 0 and not exists (
        select from billing_records b
        where b.customer_id = due.customer_id and b.period = ${first}::date and b.covers = 'subscriptions'
          and b.status <> 'void')
      returning id
    )
    select (select count(*) from made) as subscription_bills,
      (select count(*) from corrected) as corrected_drafts`.execute(tx);
  return rows[0] ?? { subscription_bills: 0, corrected_drafts: 0 };
};

/**
 * Step 23. An order from an earlier month that was not billed then (its confirmation came late, or the step
 * was rolled back) is billed with this one.
 */
const billOneTimeOrders = async ({ tx, active, first, next, now }: Run): Promise<number> => {
  const { numAffectedRows = 0n } = await sql`
    with billed as (
      insert into billing_records (id, customer_id, period, amount_paise, covers, created_at, order_id)
      select ${newId("bill", active)}, o.customer_id, ${first}::date,
        ${charge(active.has("delivery-quantities"))}, 'order', ${now}, o.id
      from orders o
      where o.kind = 'one_time' and o.delivery_date < ${next}::date and o.billed is not true
        and ${delivered}
        and not exists (select from billing_records b where b.order_id = o.id)
      returning order_id
    )
    update orders set billed = true from billed where orders.id = billed.order_id`.execute(tx);
  return Number(numAffectedRows);
};
