import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import { type RawBuilder, sql } from "kysely";
import { charge, delivered } from "./charges.ts";

/** A month that is billed, and by which rules. */
export interface BilledMonth {
  active: ActiveBehaviours;
  /** First day of the month, and of the next. */
  first: string;
  next: string;
}

/** Step 23 needs the links and states of 20 and 22: while these are rolled back it rests. */
export const billsOneTimeOrders = (active: ActiveBehaviours): boolean =>
  ["one-time-billing", "order-status", "delivery-order"].every((name) => active.has(name));

/**
 * No supplements are created while step 20 or 26 is rolled back: without them the order of a delivery or the quantities
 * handed over are unknown, and paid months would be charged again by the quantities ordered. The deliveries stay noted,
 * and the first run after a re-apply bills them.
 */
export const billsSupplements = (active: ActiveBehaviours): boolean => active.has("delivery-quantities");

/** The month of an order's day. */
export const monthOf = (day: RawBuilder<unknown>) => sql`date_trunc('month', ${day}::timestamp)::date`;

/**
 * The notes that a run of the month looks at: of its own orders, and of those of earlier months that have been
 * billed. A month that nobody has billed yet is left to its own run.
 */
export const dueNotes = ({ active, first, next }: BilledMonth) => sql`
  deliveries_to_bill n join orders o on o.id = n.order_id
  where ${billsSupplements(active)} and (o.kind = 'subscription' or ${billsOneTimeOrders(active)})
    and (o.delivery_date >= ${first}::date and o.delivery_date < ${next}::date
      or o.delivery_date < ${first}::date and (
        exists (select from billing_runs r where r.period = ${monthOf(sql`o.delivery_date`)})
        or exists (select from billing_records b where b.period = ${monthOf(sql`o.delivery_date`)})))`;

/**
 * Every order that the month's run concerns, with what is to be charged for it and what its draft charges already
 * (`held_paise` on `held_on`): of the month itself, noted in `noted (order_id)`, and one-time orders of earlier
 * months that were not billed then (their confirmation came late, or step 23 was rolled back).
 *
 * What issued and paid bills charge for an order stands; `to_charge_paise` is the rest, less than nothing where
 * they charge too much.
 */
export const comparedOrders = ({ active, first, next }: BilledMonth): RawBuilder<unknown> => {
  const columns = sql`o.id, o.customer_id, o.kind, o.delivery_date, o.status, o.items, o.total_paise, o.billed`;
  const oneTime = billsOneTimeOrders(active);
  const unbilledBefore = sql`
    union all
    select ${columns} from orders o
    where o.kind = 'one_time' and o.delivery_date < ${first}::date and o.billed is not true
      and o.id not in (select order_id from noted)`;
  // Billed by a version that kept no lines: its bill names the order, or only the order remembers.
  const billedWithoutLines = sql`
    o.kind = 'one_time' and charged.lines = 0
      and (exists (select from billing_records b where b.order_id = o.id and b.status <> 'void')
        or o.billed is true and not exists (select from billing_records b where b.order_id = o.id))`;
  // When the quantities are gone, what was charged by them stands.
  const due = sql`case when ${delivered}
    then ${charge(active.has("delivery-quantities"), sql`coalesce(nullif(charged.final_paise, 0), o.total_paise)`)}
    else 0 end`;
  return sql`
    select o.id as order_id, o.customer_id, o.kind, ${monthOf(sql`o.delivery_date`)} as month,
      charged.final_bills > 0 as charged_before, charged.held_on, coalesce(charged.held_paise, 0) as held_paise,
      (${due} - coalesce(charged.final_paise, 0))::bigint as to_charge_paise
    from (
      select ${columns} from orders o
      where o.delivery_date >= ${first}::date and o.delivery_date < ${next}::date
        and (o.kind = 'subscription' or ${oneTime})
      union all
      select ${columns} from orders o
      where o.delivery_date < ${first}::date and o.id in (select order_id from noted)
      ${oneTime ? unbilledBefore : sql``}
    ) o
    cross join lateral (
      select count(*) as lines,
        count(*) filter (where b.status in ('issued', 'paid')) as final_bills,
        sum(l.amount_paise) filter (where b.status in ('issued', 'paid')) as final_paise,
        max(l.bill_id) filter (where b.status = 'draft') as held_on,
        sum(l.amount_paise) filter (where b.status = 'draft') as held_paise
      from bill_lines l join billing_records b on b.id = l.bill_id
      where l.order_id = o.id
    ) charged
    where ${billsSupplements(active) ? sql`true` : sql`charged.final_bills = 0 and ${notIssued}`}
      ${oneTime ? sql`and not (${billedWithoutLines})` : sql``}`;
};

/** Whether the bill of the subscriptions of the month of the order `o` has still to be issued. */
const notIssued = sql`(o.kind = 'one_time' or not exists (
  select from billing_records b
  where b.customer_id = o.customer_id and b.period = ${monthOf(sql`o.delivery_date`)}
    and b.covers = 'subscriptions' and b.status in ('issued', 'paid')))`;
