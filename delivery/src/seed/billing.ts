import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { billed } from "./orders.ts";
import type { Plan } from "./plan.ts";

/**
 * Bills the months that have ended, in the night after: one record a customer for the subscriptions of the
 * month, one for each one-time order. Charged is what was delivered, where that was recorded.
 */
export const seedBilling = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  const { chance, today, thisMonth } = plan;
  const key = sql`b.key`;
  const month = sql`date_trunc('month', day::timestamp)::date`;
  const inserted = await sql`
    insert into billing_records (id, customer_id, period, amount_paise, status, covers, created_at, order_id)
    select ${chance.id("bil", sql`b.at`, key)}, b.customer_id, b.period, b.amount_paise,
      case
        when b.period < ${thisMonth}::date - interval '1 month'
          then case when ${chance.happens("overdue", key, 40)} then 'issued' else 'paid' end
        -- In the first days of a month the bills of the last one are still being looked over.
        when extract(day from ${today}::date) <= 3 then 'draft'
        else ${chance.pick("paid", key, ["paid", "issued"])} end,
      case when b.order_id is null then 'subscriptions' else 'order' end, b.at, b.order_id
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
    ) b
    order by b.at`.execute(tx);
  return Number(inserted.numAffectedRows);
};
