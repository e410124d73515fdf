import { type RawBuilder, sql } from "kysely";
import type { Plan } from "./plan.ts";

/** Lines are this many products apart in the catalogue, so that no product comes twice in an order. */
const stride = 7;

/**
 * What customers ordered beside their subscriptions: one to four products, placed on the day before (for tomorrow:
 * within the last hours), by their own login or, when they rang up, by the support's.
 */
export const oneTimeOrders = ({ random, firstDay, days, now, today }: Plan): RawBuilder<unknown> => {
  const key = sql`-(c.no * 100000::bigint + d.nth)`;
  return sql`
    select ${key}, c.no * 100000::bigint + d.nth, 'one_time', c.id, c.area_no, null,
      case when c.login in ('phone', 'email') and ${random.happens("orders online", key, 850)} then c.login_id
        else (select id from seed_staff where role = 'support') end,
      d.day, lines.items, lines.handed_over_in_full, lines.total_paise,
      case when d.day > ${today}::date
        then ${now}::timestamptz - (1200 + ${random.roll("seconds ago", key, 15_000)}) * interval '1 second'
        else (d.day - 1 + interval '8 hours' + ${random.roll("second of the day", key, 46_000)} * interval '1 second')::timestamptz
        end
    from (
      select nth, ${firstDay}::date + nth as day from generate_series(0, ${days}::integer) nth
    ) d
    cross join seed_customers c
    cross join (
      select array_agg(id order by no) as ids, array_agg(price_paise order by no) as prices, count(*) as products
      from seed_products
    ) shelf
    cross join lateral (
      select sum(quantity * price) as total_paise,
        jsonb_agg(jsonb_build_object('product_id', id, 'quantity', quantity, 'unit_price_paise', price)
          order by line) as items,
        jsonb_agg(jsonb_build_object('product_id', id, 'ordered_qty', quantity, 'delivered_qty', quantity,
          'status', 'full') order by line) as handed_over_in_full
      from (
        select line, shelf.ids[place] as id, shelf.prices[place] as price,
          1 + ${random.roll("quantity of a line", sql`c.no * 1000000::bigint + d.nth * 8 + line`, 3)} as quantity
        from generate_series(0, ${random.roll("lines", key, 4)}) line
        cross join lateral (
          select 1 + (${random.roll("first product", key, 1000)} + line * ${stride}) % shelf.products::integer as place
        ) shelf_place
      ) line
    ) lines
    where ${random.happens("orders once", key, 52)}
      and d.day > c.created_at::date + 1
      and (c.status = 'active' or d.day < ${today}::date - 20)`;
};
