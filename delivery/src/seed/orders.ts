import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { areas } from "./bengaluru.ts";
import { oneTimeOrders } from "./one-time-orders.ts";
import type { Plan } from "./plan.ts";

/**
 * Decides on every order and on what became of it, in `seed_orders`:
 *
 * - `fate`: `full`, `partial` (of its first line too little was handed over), `shortage` (nothing was there),
 *   `failed` (nobody was there), `cancelled`, or `open`
 * - `new_ways`: whether it was delivered after the changes came into production
 * - `handed_over`: what the delivery recorded, null before the changes; `charge_paise`: what billing charges
 * - `visit`, `courier_no`, `at`: the stop at the customer's door, who made it, and when
 * - `method`: how it was confirmed, null before the changes
 */
export const planOrders = async (tx: Transaction<Tables>, plan: Plan): Promise<void> => {
  const { random, now, changedOn } = plan;
  const key = sql`key`;
  const visit = sql`visit`;
  const firstQuantity = sql`(items -> 0 ->> 'quantity')::integer`;
  const open = sql`at > ${now}::timestamptz`;
  // The more was ordered, the sooner the depot runs short.
  const shortBelow = sql`case first_quantity when 1 then 450 else 910 end`;
  const outcome = random.roll("outcome", key, 10_000);
  // Without "offset 0" the planner would merge the levels and compute a fate anew wherever it is named.
  await sql`
    create temporary table seed_orders on commit drop as
    with ordered as (${subscriptionOrders(plan)} union all ${oneTimeOrders(plan)}),
    ridden as (
      select *,
        case when ${random.happens("another courier", visit, 50)} then ${random.roll("which courier", visit, areas.length)}
          else area_no end as courier_no,
        (day + interval '04:15' + ${random.roll("second of the round", visit, 9_000)} * interval '1 second')::timestamptz as at,
        ${firstQuantity} as first_quantity,
        ${random.roll("handed over", key, firstQuantity)} as first_handed_over
      from ordered offset 0
    ),
    decided as (
      select *, day >= ${changedOn}::date as new_ways,
        case when ${outcome} < 150 then 'cancelled' when ${open} then 'open' when ${outcome} < 210 then 'failed'
          when ${outcome} >= ${shortBelow} then 'full'
          when first_handed_over = 0 and jsonb_array_length(items) = 1 then 'shortage'
          else 'partial' end as fate
      from ridden offset 0
    )
    select key, kind, customer_id, subscription_id, placed_by, day, created_at, items, total_paise, fate, new_ways,
      visit, courier_no, at,
      ${random.id("ord", sql`created_at`, key)} as id,
      case when fate <> 'cancelled' then ${random.id("dlv", sql`created_at`, key)} end as delivery_id,
      case when new_ways then ${handedOver} end as handed_over,
      total_paise - case when fate = 'partial' and new_ways
        then (first_quantity - first_handed_over) * (items -> 0 ->> 'unit_price_paise')::integer else 0 end as charge_paise,
      case when not new_ways or fate in ('open', 'cancelled') then null
        -- A link confirms that everything arrived.
        when fate = 'full' and ${random.happens("confirmed by link", visit, 33)} then 'shared_link'
        when ${random.happens("confirmed by the office", key, 33)} then 'admin'
        else 'delivery' end as method
    from decided`.execute(tx);
};

const handedOver: RawBuilder<unknown> = sql`
  case fate
    when 'full' then handed_over_in_full
    when 'partial' then jsonb_set(handed_over_in_full, '{0}', (handed_over_in_full -> 0) || jsonb_build_object(
      'delivered_qty', first_handed_over, 'status', case first_handed_over when 0 then 'shortage' else 'partial' end))
    when 'open' then null
    when 'cancelled' then null
    else (
      select jsonb_agg(line || '{"delivered_qty": 0, "status": "shortage"}' order by place)
      from jsonb_array_elements(handed_over_in_full) with ordinality as lines (line, place))
  end`;

/** What the subscriptions called for, generated on the evening before; tomorrow's half an hour ago. */
const subscriptionOrders = ({ random, days, firstDay, now, today }: Plan): RawBuilder<unknown> => {
  const key = sql`s.no * 100000::bigint + d.nth`;
  return sql`
    select ${key} as key, s.customer_no * 100000::bigint + d.nth as visit, 'subscription' as kind, s.customer_id, s.area_no, s.id as subscription_id,
      null as placed_by, d.day, s.items, s.handed_over_in_full, s.quantity * s.price_paise as total_paise,
      case when d.day > ${today}::date then ${now}::timestamptz - interval '30 minutes'
        else (d.day - 1 + interval '20 hours')::timestamptz end
        + ${random.roll("millisecond of generation", key, 4_000)} * interval '1 millisecond' as created_at
    from (
      select nth, ${firstDay}::date + nth as day from generate_series(0, ${days}::integer) nth
    ) d
    join seed_subscriptions s on d.day between s.first_day and s.last_day
    where s.schedule = 'daily'
      or (s.schedule = 'weekdays' and extract(isodow from d.day) < 6)
      or (s.schedule = 'alternate' and (d.day - s.starts_on) % 2 = 0)`;
};

/** Writes the orders as the API left them. */
export const seedOrders = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  const { random, today } = plan;
  const key = sql`key`;
  const underWay = random.pick("under way", key, [
    "OUT_FOR_DELIVERY",
    "OUT_FOR_DELIVERY",
    "OUT_FOR_DELIVERY",
    "CONFIRMED",
  ]);
  const inserted = await sql`
    insert into orders (id, customer_id, placed_by, kind, items, total_paise, delivery_date, status, notes,
      created_at, subscription_id, delivered_at, delivery_confirmed, status_before_delivery, billed)
    select id, customer_id, placed_by, kind, items, total_paise, day,
      case when fate in ('full', 'partial') then 'DELIVERED'
        when fate = 'cancelled' then 'CANCELLED'
        -- Nothing was handed over. Before the changes, people kept an order's status up by hand.
        when fate in ('failed', 'shortage') then case when new_ways then 'OUT_FOR_DELIVERY' else 'CANCELLED' end
        when day = ${today}::date then ${underWay}
        when kind = 'subscription' then 'CONFIRMED'
        else 'PENDING' end,
      case when fate = 'cancelled' then ${random.pick("why cancelled", key, whyCancelled)}
        when kind = 'one_time' and ${random.happens("note", key, 150)} then ${random.pick("note", key, notes)} end,
      created_at, subscription_id,
      case when confirmed then at end, case when confirmed then true end, case when confirmed then ${underWay} end,
      case when kind = 'one_time' and ${billed(plan)} then true end
    from (select *, fate in ('full', 'partial') and new_ways as confirmed from seed_orders) o`.execute(tx);
  return Number(inserted.numAffectedRows);
};

/** Months are billed when they have ended. */
export const billed = ({ thisMonth }: Plan) =>
  sql`(fate in ('full', 'partial') and day < ${thisMonth}::date)`;

const whyCancelled = ["Out of town", "Ordered twice", "Not needed today", "Wrong quantity"];
const notes = [
  "Please ring the bell",
  "Leave with the security guard",
  "Hang the bag on the door",
  "Call on arrival",
];
