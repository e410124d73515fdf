import { type Kysely, sql } from "kysely";
import type { Tables } from "../database.ts";
import { charge, delivered } from "./charges.ts";
import { type BilledMonth, billsOneTimeOrders, billsSupplements, dueNotes, monthOf } from "./differences.ts";

/**
 * Gives lines to the bills of a version that kept none, once, when a run first needs to know what they charged: an
 * issued bill of subscriptions covers the deliveries confirmed before its creation, as far as anything says when (steps 22
 * and 25); the bill of a one-time order covers the order. Rests while supplements do: nobody asks for lines then.
 */
export const addLinesOfOlderBills = async (tx: Kysely<Tables>, month: BilledMonth): Promise<void> => {
  const { active, first, next } = month;
  if (!billsSupplements(active)) return;
  const withoutLines = sql`not exists (select from bill_lines l where l.bill_id = b.id)`;
  await sql`
    with concerned as (
      select id, customer_id, period, created_at from billing_records b
      where b.covers = 'subscriptions' and b.status in ('issued', 'paid') and b.amount_paise > 0 and ${withoutLines}
        and (b.period = ${first}::date or (b.customer_id, b.period) in (
          select o.customer_id, ${monthOf(sql`o.delivery_date`)} from ${dueNotes(month)}))
    )
    insert into bill_lines (bill_id, order_id, amount_paise)
    select b.id, o.id, ${charge(true, sql`o.total_paise`)}
    from concerned b
    join orders o on o.customer_id = b.customer_id and o.kind = 'subscription'
      and o.delivery_date >= b.period and o.delivery_date < b.period + interval '1 month'
    where ${delivered} and not exists (select from bill_lines l where l.order_id = o.id)
      and coalesce(greatest(o.delivered_at, (
        select max(d.confirmed_at) from delivery_statuses d where d.order_id = o.id)) <= b.created_at, true)`.execute(
    tx,
  );
  if (!billsOneTimeOrders(active)) return;
  await sql`
    insert into bill_lines (bill_id, order_id, amount_paise)
    select b.id, b.order_id, b.amount_paise from billing_records b
    join orders o on o.id = b.order_id
    where b.covers = 'order' and b.status <> 'void' and ${withoutLines}
      and (o.delivery_date >= ${first}::date and o.delivery_date < ${next}::date
        or o.id in (select o.id from ${dueNotes(month)}))`.execute(tx);
};
