import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Demo, loadDemo } from "../../../test/support/demo.ts";

let demo: Demo;

beforeAll(async () => {
  demo = await loadDemo();
});

afterAll(async () => demo?.database.drop());

test("a delivery's items say of each line what was handed over, and its status follows from them", async () => {
  expect(
    await demo.offenders(sql`
      select d.id from delivery_statuses d join orders o on o.id = d.order_id, lateral (
        select count(*) filter (where i.status <> case when delivered_qty = ordered_qty then 'full'
            when delivered_qty = 0 then 'shortage' else 'partial' end) as wrong,
          count(*) filter (where delivered_qty not between 0 and ordered_qty) as impossible,
          bool_and(i.status = 'full') as full, bool_and(i.status = 'shortage') as none,
          count(*) filter (where line.quantity = i.ordered_qty) as matching
        from jsonb_to_recordset(d.items) as i (product_id text, ordered_qty int, delivered_qty int, status text)
        left join jsonb_to_recordset(o.items) as line (product_id text, quantity int) using (product_id)
      ) i
      where d.items is not null and (wrong > 0 or impossible > 0 or matching <> jsonb_array_length(o.items)
        or d.status <> case when d.status = 'failed' and "none" then 'failed' when "full" then 'delivered'
          when "none" then 'shortage' else 'partially_delivered' end)`),
  ).toEqual([]);
});

test("a confirmation through a link has its used link, and says that everything arrived", async () => {
  expect(
    await demo.offenders(sql`
      select d.id from delivery_statuses d
      where d.confirmation_method = 'shared_link' and (d.status <> 'delivered' or d.delivered_by is not null
        or 1 <> (select count(*) from shared_links l
          where l.customer_id = d.customer_id and l.delivery_date = d.delivery_date and l.used_at = d.confirmed_at))`),
  ).toEqual([]);
  expect(
    await demo.offenders(sql`
      select l.token_hash from shared_links l
      where l.used_at > l.expires_at or l.used_at is not null and not exists (select from delivery_statuses d
        where d.customer_id = l.customer_id and d.confirmed_at = l.used_at and d.confirmation_method = 'shared_link')`),
  ).toEqual([]);
  expect(await demo.offenders(sql`select from shared_links where used_at is not null`)).not.toEqual([]);
});
