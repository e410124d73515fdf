import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { billed } from "./orders.ts";
import type { Plan } from "./plan.ts";

/**
 * Bills the months that have ended, in the night after: one record a customer for the subscriptions of the
 * month, one for each one-time order. Charged is what was delivered, where that was recorded. Issued are they on
 * the morning of the third, and paid within two weeks.
 */
export const seedBilling = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  const { random, now, today, thisMonth } = plan;
  const key = sql`b.key`;
  const month = sql`date_trunc('month', day::timestamp)::date`;
  const status = sql`case
    when b.period < ${thisMonth}::date - interval '1 month'
      then case when ${random.happens("overdue", key, 40)} then 'issued' else 'paid' end
    -- In the first days of a month the bills of the last one are still being looked over.
    when extract(day from ${today}::date) <= 3 then 'draft'
    else ${random.pick("paid", key, ["paid", "issued"])} end`;
  const method = random.pick("payment", key, ["upi", "upi", "upi", "cash", "card", "bank_transfer"]);
  const waited = sql`${random.roll("days until paid", key, 14_000)} / 14000.0`;
  const inserted = await sql`
    insert into billing_records (id, customer_id, period, amount_paise, status, covers, created_at, order_id,
      issued_at, issued_by, paid_at, paid_by, payment_method, payment_reference)
    select id, customer_id, period, amount_paise, status, case when order_id is null then 'subscriptions' else 'order' end,
      at, order_id,
      case when status <> 'draft' then issued_at end, case when status <> 'draft' then admin.staff_id end,
      case when status = 'paid' then issued_at + waited * least(${now}::timestamptz - issued_at, interval '14 days') end,
      case when status = 'paid' then admin.staff_id end,
      case when status = 'paid' then method end,
      case when status = 'paid' and method <> 'cash' then upper(left(method, 4)) || to_char(period, 'YYMM') || lpad(place::text, 7, '0') end
    from (
      select b.*, ${random.id("bil", sql`b.at`, key)} as id, ${status} as status, ${method} as method, ${waited} as waited,
        (period + interval '1 month 2 days 9 hours')::timestamptz as issued_at
      from (
        select *, (period + interval '1 month 2 hours' + place * interval '1 millisecond')::timestamptz as at
        from (
          select *, row_number() over (partition by period order by key desc) as place
          from (
            select min(key) as key, customer_id, ${month} as period,
              sum(charge_paise) as amount_paise, null as order_id
            from seed_orders where kind = 'subscription' and ${billed(plan)}
            group by customer_id, ${month} having sum(charge_paise) > 0
            union all
            select key, customer_id, ${month}, charge_paise, id
            from seed_orders where kind = 'one_time' and ${billed(plan)}
          ) bill
        ) placed
      ) b offset 0
    ) b
    cross join (select id as staff_id from seed_staff where role = 'admin') admin
    order by at`.execute(tx);
  return Number(inserted.numAffectedRows);
};

/** What each bill charges for each order. */
export const seedBillLines = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  // Knowing neither table's size, the planner would join them row by row.
  await sql`analyze seed_orders (kind, fate, day)`.execute(tx);
  await sql`analyze billing_records`.execute(tx);
  const inserted = await sql`
    insert into bill_lines (bill_id, order_id, amount_paise)
    select b.id, o.id, o.charge_paise
    from seed_orders o
    join billing_records b on b.order_id = o.id
    where o.kind = 'one_time' and ${billed(plan)} and o.charge_paise <> 0
    union all
    select b.id, o.id, o.charge_paise
    from seed_orders o
    join billing_records b on b.covers = 'subscriptions' and b.customer_id = o.customer_id
      and b.period = date_trunc('month', o.day::timestamp)::date
    where o.kind = 'subscription' and ${billed(plan)} and o.charge_paise <> 0`.execute(tx);
  return Number(inserted.numAffectedRows);
};
