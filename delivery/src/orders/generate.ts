import { defineFailure } from "@earlybird-ops/platform";
import { type RawBuilder, sql } from "kysely";
import { addDays, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { newId } from "../ids/index.ts";
import { generationLock } from "../locks.ts";

const daysAhead = 366;

const tooFarAhead = defineFailure({
  code: "EB_GENERATION_TOO_FAR",
  status: 422,
  detail: "{date} is more than one year ahead.",
  remedy: "Choose a day up to {last}.",
});

/**
 * Creates the orders of a day from the subscriptions that are due, each with its open delivery. Idempotent, also when it
 * runs concurrently.
 *
 * @returns the number of orders created
 * @throws Failure EB_GENERATION_TOO_FAR
 */
export const generateOrders = (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  date: string,
): Promise<number> => {
  const last = addDays(today(clock), daysAhead);
  if (date > last) throw tooFarAhead({ date, last });
  return changes.transaction(async (tx, active) => {
    await sql`select pg_advisory_xact_lock(${sql.join(generationLock)})`.execute(tx);
    const linkOrder = active.has("order-subscription");
    const linkDelivery = active.has("delivery-order");
    const { rows } = await sql<{ created: number }>`
      with missing as (${missingOrders(date)}),
      created as (
        insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status, created_at
          ${when(linkOrder, sql`, subscription_id`)})
        select ${newId("order", active)}, customer_id, 'subscription',
          jsonb_build_array(jsonb_build_object(
            'product_id', product_id, 'quantity', quantity, 'unit_price_paise', price_paise)),
          quantity::bigint * price_paise, ${date}::date,
          -- A standing subscription is a promise already: there is nobody left to confirm it.
          'CONFIRMED', ${clock.now()}
          ${when(linkOrder, sql`, subscription_id`)}
        from missing
        returning id, customer_id
      ),
      opened as (
        insert into delivery_statuses (id, customer_id, delivery_date, created_at
          ${when(linkDelivery, sql`, order_id`)})
        select ${newId("delivery", active)}, customer_id, ${date}::date, ${clock.now()}
          ${when(linkDelivery, sql`, id`)}
        from created
      )
      select count(*) as created from created`.execute(tx);
    return rows[0]?.created ?? 0;
  });
};

const when = (condition: boolean, fragment: RawBuilder<unknown>) => (condition ? fragment : sql``);

/**
 * The subscriptions that are due on a day and have no order for it, with their terms for that day: later changes apply to
 * later days.
 *
 * An order belongs to the subscription it refers to. Orders created while step 19 is rolled back refer to none, and while
 * it is rolled back the same holds for all orders: these are matched by number with the due subscriptions of the same
 * customer, product and quantity.
 */
const missingOrders = (date: string) => sql`
  with made as (
    select subscription_id, customer_id, items from orders
    where delivery_date = ${date}::date and kind = 'subscription'
  ),
  unnamed as (
    select customer_id, items->0->>'product_id' as product_id, (items->0->>'quantity')::int as quantity,
      count(*) as orders
    from made
    where subscription_id is null
    group by 1, 2, 3
  ),
  due as (
    select s.id as subscription_id, s.customer_id, terms.product_id, terms.quantity, p.price_paise,
      row_number() over (partition by s.customer_id, terms.product_id, terms.quantity order by s.id) as place
    from subscriptions s
    left join lateral (
      select t.product_id, t.quantity, t.schedule from subscription_terms t
      where t.subscription_id = s.id and t.until >= ${date}::date
      order by t.until
      limit 1
    ) earlier on true
    cross join lateral (
      select coalesce(earlier.product_id, s.product_id) as product_id,
        coalesce(earlier.quantity, s.quantity) as quantity,
        coalesce(earlier.schedule, s.schedule) as schedule
    ) terms
    join products p on p.id = terms.product_id and p.active
    join customers c on c.id = s.customer_id and c.status = 'active'
    where s.starts_on <= ${date}::date
      and (s.ends_on is null or s.ends_on >= ${date}::date)
      and (s.status = 'active' or s.status = 'paused' and s.paused_until < ${date}::date)
      and case terms.schedule
        when 'daily' then true
        when 'alternate' then (${date}::date - s.starts_on) % 2 = 0
        when 'weekdays' then extract(isodow from ${date}::date) <= 5
      end
      and not exists (select from made where made.subscription_id = s.id)
  )
  select due.subscription_id, due.customer_id, due.product_id, due.quantity, due.price_paise
  from due
  left join unnamed using (customer_id, product_id, quantity)
  where due.place > coalesce(unnamed.orders, 0)`;
