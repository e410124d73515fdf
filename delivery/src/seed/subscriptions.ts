import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import type { Plan } from "./plan.ts";

/** What a first, second and third subscription are for; most customers begin with milk. */
const kinds = ["milk", "newspaper", "curd"];

/**
 * Writes the subscriptions: none for every sixth customer, one for most, up to three. `seed_subscriptions`
 * adds what their orders need: the days from `first_day` to `last_day`, and the one line they repeat.
 */
export const seedSubscriptions = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  await planSubscriptions(tx, plan);
  const inserted = await sql`
    insert into subscriptions
      (id, customer_id, product_id, quantity, schedule, status, starts_on, ends_on, paused_until, created_at)
    select id, customer_id, product_id, quantity, schedule, status, starts_on, ends_on, paused_until, created_at
    from seed_subscriptions order by created_at, no`.execute(tx);
  return Number(inserted.numAffectedRows);
};

const planSubscriptions = async (tx: Transaction<Tables>, plan: Plan): Promise<void> => {
  const { random, days, firstDay, today, tomorrow } = plan;
  const customer = sql`c.no`;
  const no = sql`no`;
  const share = random.roll("number of subscriptions", customer, 100);
  await sql`
    create temporary table seed_subscriptions on commit drop as
    with wanted as (
      select c.no * 4 + nth as no, c.id as customer_id, c.area_no, c.no as customer_no, c.status as customer_status,
        (${kinds}::text[])[1 + (nth - 1 + case
          when c.no = 1 or ${random.happens("begins with milk", customer, 750)} then 0
          when ${random.happens("begins with the newspaper", customer, 600)} then 1
          else 2 end) % 3] as category,
        c.created_at + interval '20 minutes' + case when nth = 1 then interval '0'
          else ${random.roll("days until the next one", sql`c.no * 4 + nth`, 40)} * interval '1 day' end as thought_of
      from seed_customers c
      cross join generate_series(1, 3) nth
      where nth <= case when c.no = 1 then 2 when ${share} < 16 then 0 when ${share} < 82 then 1
        when ${share} < 98 then 2 else 3 end
    ),
    asked as (
      select *, least(thought_of, (${today}::date - 2 + interval '19 hours')::timestamptz) as created_at,
        case
          when customer_no = 1 then 'active'
          when customer_status = 'closed' then 'cancelled'
          when customer_status = 'paused' then 'paused'
          when ${random.happens("subscription cancelled", no, 100)} then 'cancelled'
          when ${random.happens("subscription paused", no, 50)} then 'paused'
          else 'active' end as status
      from wanted
    ),
    dated as (
      select *, created_at::date + 1 as starts_on,
        ${random.id("sub", sql`created_at`, no)} as id,
        case when customer_no = 1 then 'daily'
          when category = 'newspaper' then ${random.pick("newspaper days", no, ["daily", "daily", "weekdays"])}
          else ${random.pick("days", no, ["daily", "daily", "daily", "alternate", "weekdays"])} end as schedule,
        case when category = 'newspaper' then 1
          else ${random.pick("quantity", no, ["1", "1", "1", "1", "1", "2", "2", "2", "2", "3"])}::integer
          end as quantity,
        -- A pause began within the last three weeks; a cancelled one ended somewhere in the history.
        ${today}::date - ${random.roll("pause began", no, 20)} as paused_from,
        ${today}::date - 1 - ${random.roll("end", no, sql`greatest(1, least(${days}, ${today}::date - created_at::date - 1))`)}
          as ended_on
      from asked
    )
    select d.no, d.id, d.customer_no, d.customer_id, d.area_no, d.quantity, d.schedule, d.status, d.starts_on,
      d.created_at, p.id as product_id, p.price_paise,
      case when d.status = 'cancelled' then d.ended_on end as ends_on,
      case when d.status = 'paused' and ${random.happens("pause has an end", sql`d.no`, 700)}
        then ${today}::date + 2 + ${random.roll("pause ends", sql`d.no`, 20)} end as paused_until,
      greatest(d.starts_on, ${firstDay}::date) as first_day,
      case d.status when 'active' then ${tomorrow}::date when 'paused' then d.paused_from - 1 else d.ended_on end
        as last_day,
      jsonb_build_array(jsonb_build_object('product_id', p.id, 'quantity', d.quantity,
        'unit_price_paise', p.price_paise)) as items,
      jsonb_build_array(jsonb_build_object('product_id', p.id, 'ordered_qty', d.quantity,
        'delivered_qty', d.quantity, 'status', 'full')) as handed_over_in_full
    from dated d
    join seed_products p on p.category = d.category and p.nth = ${random.roll("product", sql`d.no`, sql`p.in_category`)}
    `.execute(tx);
  await sql`analyze seed_subscriptions`.execute(tx);
};
