import { Changes } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { type Demo, loadDemo } from "../../../test/support/demo.ts";
import { changes as declared } from "../changes/index.ts";
import type { Tables } from "../database.ts";
import { generateOrders } from "../orders/generate.ts";

let demo: Demo;

beforeAll(async () => {
  demo = await loadDemo();
});

afterAll(async () => demo?.database.drop());

test("orders of a subscription are its customer's, for its product, on its days", async () => {
  expect(
    await demo.offenders(sql`
      select o.id from orders o left join subscriptions s on s.id = o.subscription_id
      where o.kind = 'subscription' and (s.id is null or s.customer_id <> o.customer_id
        or o.items -> 0 ->> 'product_id' <> s.product_id or (o.items -> 0 ->> 'quantity')::int <> s.quantity
        or o.delivery_date < s.starts_on or o.delivery_date > s.ends_on
        or (s.schedule = 'weekdays' and extract(isodow from o.delivery_date) > 5)
        or (s.schedule = 'alternate' and (o.delivery_date - s.starts_on) % 2 <> 0))`),
  ).toEqual([]);
  expect(
    await demo.offenders(sql`select id from orders where kind = 'one_time' and subscription_id is not null`),
  ).toEqual([]);
});

test("there is an order for every day on which an active subscription is due", async () => {
  expect(
    await demo.offenders(sql`
      select s.id, d.day from subscriptions s
      cross join (select date '2026-01-25' + n as day from generate_series(0, 45) n) d
      where s.status = 'active' and d.day >= s.starts_on
        and case s.schedule when 'daily' then true when 'weekdays' then extract(isodow from d.day) <= 5
          else (d.day - s.starts_on) % 2 = 0 end
        and 1 <> (select count(*) from orders o where o.subscription_id = s.id and o.delivery_date = d.day)`),
  ).toEqual([]);
});

test("orders cost what their lines cost, of products that exist, none of them twice", async () => {
  expect(
    await demo.offenders(sql`
      select o.id from orders o, lateral (
        select sum(quantity * unit_price_paise) as total, count(*) as lines, count(distinct p.id) as products,
          bool_and(unit_price_paise = p.price_paise) as priced
        from jsonb_to_recordset(o.items) as line (product_id text, quantity int, unit_price_paise int)
        left join products p on p.id = line.product_id
      ) sums
      where total is distinct from o.total_paise or lines <> products or not priced`),
  ).toEqual([]);
});

test("orders that are DELIVERED have a delivery, unless theirs is an old one that never learnt of its order", async () => {
  const { rows } = await sql<{ unlinked: number }>`
    select count(*) filter (where o.delivered_at is null) as unlinked, count(*) as orders from orders o
    where o.status = 'DELIVERED' and not exists (select from delivery_statuses d where d.order_id = o.id)`.execute(
    demo.db,
  );
  expect(rows).toEqual([{ unlinked: expect.any(Number), orders: rows[0]?.unlinked }]);
  expect(rows[0]?.unlinked).toBeGreaterThan(0);
  expect(
    await demo.offenders(sql`
      select o.id from orders o
      where o.status = 'DELIVERED' and not exists (select from delivery_statuses d
        where d.order_id = o.id
          or (d.order_id is null and d.customer_id = o.customer_id and d.delivery_date = o.delivery_date))`),
  ).toEqual([]);
});

test("the oldest third was delivered before confirming left a trace, the rest after", async () => {
  expect(
    await demo.offenders(sql`
      select id from orders where (status = 'DELIVERED' and delivery_date >= '2026-02-09')
        is distinct from (delivered_at is not null and delivery_confirmed and status_before_delivery is not null)
      union all
      select id from delivery_statuses where delivery_date < '2026-02-09'
        and coalesce(confirmed_by_user_id, confirmed_by_name, confirmed_at::text, confirmation_method, ip_address,
          device_info, items::text) is not null
      union all
      select id from delivery_statuses where delivery_date >= '2026-02-09' and (status <> 'pending')
        is distinct from (confirmed_at is not null and confirmation_method is not null and items is not null)
      union all
      select id from delivery_statuses where delivery_date >= '2026-02-09' and order_id is null`),
  ).toEqual([]);
});

test("this morning's orders are half delivered, tomorrow's all open", async () => {
  const { rows } = await sql`
    select o.delivery_date as day, count(*) filter (where d.status = 'pending')::float / count(*) as open
    from orders o join delivery_statuses d on d.order_id = o.id
    where o.delivery_date >= '2026-03-09' group by 1 order by 1`.execute(demo.db);
  expect(rows).toEqual([
    { day: "2026-03-09", open: 0 },
    { day: "2026-03-10", open: expect.toSatisfy((open: number) => open > 0.3 && open < 0.7) },
    { day: "2026-03-11", open: 1 },
  ]);
  expect(
    await demo.offenders(sql`select o.id from orders o join delivery_statuses d on d.order_id = o.id
      where (d.status = 'pending') is distinct from (o.status in ('PENDING', 'CONFIRMED', 'OUT_FOR_DELIVERY'))
        and d.status not in ('failed', 'shortage')
        union all select o.id from orders o join delivery_statuses d on d.order_id = o.id where o.status = 'CANCELLED' and d.status not in ('failed', 'shortage')`),
  ).toEqual([]);
});

test("generating today or tomorrow once more creates nothing", async () => {
  const changes = new Changes<Tables>({ changes: declared, pool: demo.database.pool, log: quiet });
  const context = { db: demo.db, changes, clock: new StandingClock("2026-03-10T06:00:00Z"), jwtSecret: "" };
  expect(await generateOrders(context, "2026-03-10")).toBe(0);
  expect(await generateOrders(context, "2026-03-11")).toBe(0);
  expect(await generateOrders(context, "2026-03-12")).toBeGreaterThan(0);
});
