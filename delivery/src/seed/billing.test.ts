import { Changes } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { type Demo, loadDemo } from "../../../test/support/demo.ts";
import { generateBills } from "../billing/generate.ts";
import { changes as declared } from "../changes/index.ts";
import type { Tables } from "../database.ts";

let demo: Demo;

beforeAll(async () => {
  demo = await loadDemo();
});

afterAll(async () => demo?.database.drop());

/** What an order costs in the end: the delivered quantity if known, else what was ordered. */
const charges = sql`
  select o.id, o.customer_id, o.kind, date_trunc('month', o.delivery_date::timestamp)::date as period,
    coalesce((
      select sum(i.delivered_qty * line.unit_price_paise)
      from delivery_statuses d, jsonb_to_recordset(d.items) as i (product_id text, delivered_qty int),
        jsonb_to_recordset(o.items) as line (product_id text, unit_price_paise int)
      where d.order_id = o.id and line.product_id = i.product_id
    ), o.total_paise)::bigint as charge
  from orders o where o.status = 'DELIVERED' and o.delivery_date < '2026-03-01'`;

test("bills of subscriptions add up to what was delivered, one a customer and month", async () => {
  expect(
    await demo.offenders(sql`
      select * from (select customer_id, period, sum(charge) as charge from (${charges}) c
        where kind = 'subscription' group by 1, 2) owed
      full join (select customer_id, period, sum(amount_paise) as billed, count(*) as bills from billing_records
        where order_id is null group by 1, 2) b using (customer_id, period)
      where coalesce(charge, 0) <> coalesce(billed, 0) or bills <> 1 or billed = 0`),
  ).toEqual([]);
});

test("each delivered one-time order has one bill that names it, and knows", async () => {
  expect(
    await demo.offenders(sql`
      select * from (select id as order_id, customer_id, period, charge from (${charges}) c where kind = 'one_time') owed
      full join (select order_id, customer_id, period, sum(amount_paise) as billed, count(*) as bills
        from billing_records where order_id is not null group by 1, 2, 3) b using (order_id, customer_id, period)
      where charge is distinct from billed or bills <> 1`),
  ).toEqual([]);
  expect(
    await demo.offenders(sql`select id from orders o
      where (billed is true) is distinct from exists (select from billing_records b where b.order_id = o.id)`),
  ).toEqual([]);
});

test("the lines of each bill add up to its amount, and every payment has its record", async () => {
  expect(
    await demo.offenders(sql`
      select b.id from billing_records b left join bill_lines l on l.bill_id = b.id
      group by b.id having coalesce(sum(l.amount_paise), 0) <> b.amount_paise`),
  ).toEqual([]);
  expect(
    await demo.offenders(sql`
      select id from billing_records
      where (status = 'paid') <> (paid_at is not null and paid_by is not null and payment_method is not null)
        or (status <> 'draft') <> (issued_at is not null) or paid_at < issued_at`),
  ).toEqual([]);
});

test("half of last month's bills are paid and most of the older ones; this month has none yet", async () => {
  const { rows } = await sql<{ period: string; paid: number }>`
    select period, count(*) filter (where status = 'paid')::float / count(*) as paid
    from billing_records group by period order by period`.execute(demo.db);
  expect(rows.map(({ period }) => period)).toEqual(["2026-01-01", "2026-02-01"]);
  expect(rows[0]?.paid).toBeGreaterThan(0.9);
  expect(rows[1]?.paid).toBeGreaterThan(0.4);
  expect(rows[1]?.paid).toBeLessThan(0.6);
});

test("billing a month of the past once more bills nothing, and finds no draft to correct", async () => {
  const early = await loadDemo({ clock: new StandingClock("2026-03-02T05:30:00") });
  const changes = new Changes<Tables>({ changes: declared, pool: early.database.pool, log: quiet });
  const context = { db: early.db, changes, clock: new StandingClock("2026-03-02T06:00:00Z"), jwtSecret: "" };
  const drafts = sql`select id from billing_records where status = 'draft' and period = '2026-02-01'`;
  expect(await early.offenders(drafts)).not.toEqual([]);
  for (const month of ["2026-01", "2026-02"]) {
    expect(await generateBills(context, month)).toEqual({
      corrected_drafts: 0,
      subscription_bills: 0,
      one_time_bills: 0,
      supplements: 0,
    });
  }
  await early.database.drop();
});
