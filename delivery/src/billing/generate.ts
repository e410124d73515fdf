import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { addDays, firstOfMonth, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import type { Tables } from "../database.ts";
import { newId } from "../ids/index.ts";
import { billingLock } from "../locks.ts";
import { addLinesOfOlderBills } from "./bills-without-lines.ts";
import {
  type BilledMonth,
  billsOneTimeOrders,
  billsSupplements,
  comparedOrders,
  dueNotes,
} from "./differences.ts";

const monthToCome = defineFailure({
  code: "EB_PERIOD_TO_COME",
  status: 422,
  detail: "The month {period} is in the future.",
  remedy: "Bill {current} or an earlier month.",
});

/** The result of a billing run. */
export const billingRun = z.object({
  subscription_bills: z.int().describe("drafts created, one per customer"),
  corrected_drafts: z.int().describe("drafts of earlier runs adjusted to later deliveries"),
  one_time_bills: z.int().describe("drafts created, one per order"),
  supplements: z
    .int()
    .describe(
      "drafts created for deliveries or corrections after their bill was issued, also of earlier months",
    ),
});

export type BillingRun = z.infer<typeof billingRun>;

interface Run extends BilledMonth {
  tx: Kysely<Tables>;
  now: Date;
}

/**
 * Bills a month: each customer's subscriptions in one draft, and each one-time order in a draft of its own
 * (step 23). Deliveries and corrections after their bill was issued, in this month or an earlier one, are charged or
 * credited by a supplement. Idempotent, also when it runs concurrently.
 *
 * @param month `YYYY-MM`, not in the future
 * @throws Failure EB_PERIOD_TO_COME
 */
export const generateBills = async (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  month: string,
): Promise<BillingRun> => {
  const first = `${month}-01`;
  const current = firstOfMonth(today(clock));
  if (first > current) throw monthToCome({ period: month, current: current.slice(0, 7) });
  const next = firstOfMonth(addDays(first, 31));
  return changes.transaction(async (tx, active) => {
    await sql`select pg_advisory_xact_lock(${sql.join(billingLock)})`.execute(tx);
    const run = { tx, active, first, next, now: clock.now() };
    await addLinesOfOlderBills(tx, run);
    const done = await billDifferences(run);
    await noteSuccess(tx, { period: first, succeeded_at: clock.now() });
    return done;
  });
};

/** For the other instances: one of them may have raised an alert about the month. */
const noteSuccess = (tx: Kysely<Tables>, run: Tables["billing_runs"]) =>
  tx
    .insertInto("billing_runs")
    .values(run)
    .onConflict((conflict) => conflict.column("period").doUpdateSet(run))
    .execute();

/**
 * Each difference goes to the draft that charges the order already; else to the draft of its month; else to a new
 * bill: of the month, of the one-time order, or a supplement where the bill of either has been issued.
 *
 * One statement, so that a confirmation and its note are either both seen or both left to the next run.
 */
const billDifferences = async ({ tx, now, ...month }: Run): Promise<BillingRun> => {
  const { active, first } = month;
  const rememberBilled = sql`
    remembered as (
      update orders set billed = true from changed
      where orders.id = changed.order_id and changed.covers = 'order'
    ),`;
  // Charged by what was ordered, or by the day: the first run with steps 20 and 26 applied compares again.
  const noteAgain = sql`
    noted_again as (insert into deliveries_to_bill (order_id) select order_id from changed),`;
  const { rows } = await sql<BillingRun>`
    with noted as (
      delete from deliveries_to_bill where id in (select n.id from ${dueNotes(month)}) returning order_id
    ),
    -- In two steps: in one, PostgreSQL expects a single row to differ, and plans for that.
    compared as materialized (${comparedOrders(month)}),
    different as (select * from compared where to_charge_paise <> held_paise),
    standing as (
      select distinct on (customer_id, period) customer_id, period, status, id from billing_records
      where covers = 'subscriptions' and status <> 'void'
      order by customer_id, period, status = 'draft' desc
    ),
    open_supplement as (
      select customer_id, supplements, max(id) as id from billing_records
      where covers = 'supplement' and status = 'draft' group by customer_id, supplements
    ),
    placed as (
      select d.*, case
          when d.held_on is not null then d.held_on
          when d.kind = 'one_time' and not d.charged_before then null
          when d.kind = 'subscription' and s.status = 'draft' then s.id
          when d.kind = 'subscription' and s.id is null and d.month = ${first}::date then null
          else o.id end as bill_id,
        case when d.kind = 'one_time' and not d.charged_before then 'order'
          when d.kind = 'subscription' and s.id is null and d.month = ${first}::date then 'subscriptions'
          else 'supplement' end as covers
      from different d
      left join standing s on s.customer_id = d.customer_id and s.period = d.month
      left join open_supplement o on o.customer_id = d.customer_id and o.supplements = d.month
    ),
    changed as materialized (
      select *, case covers when 'order' then order_id when 'supplement' then month::text else '' end as reason
      from placed
    ),
    made as (
      insert into billing_records (id, customer_id, period, amount_paise, covers, created_at, supplements, order_id)
      select ${newId("bill", active)}, customer_id, ${first}::date, amount_paise, covers, ${now},
        case covers when 'supplement' then month end, case covers when 'order' then reason end
      from (
        select customer_id, covers, reason, month, sum(to_charge_paise)::bigint as amount_paise
        from changed where bill_id is null group by customer_id, covers, reason, month
      ) bill
      returning id, customer_id, covers, coalesce(order_id, supplements::text, '') as reason
    ),
    corrected as (
      update billing_records b
      set amount_paise = d.more + coalesce((select sum(amount_paise) from bill_lines where bill_id = b.id), 0)
      from (
        select bill_id, sum(to_charge_paise - held_paise) as more from changed
        where bill_id is not null group by bill_id
      ) d
      where b.id = d.bill_id
      returning b.id
    ),
    dropped as (
      delete from bill_lines l using changed c
      where l.bill_id = c.held_on and l.order_id = c.order_id and c.to_charge_paise = 0
    ),
    moved as (
      update bill_lines l set amount_paise = c.to_charge_paise from changed c
      where l.bill_id = c.held_on and l.order_id = c.order_id and c.to_charge_paise <> 0
    ),
    ${billsOneTimeOrders(active) ? rememberBilled : sql``}
    ${billsSupplements(active) ? sql`` : noteAgain}
    charged as (
      insert into bill_lines (bill_id, order_id, amount_paise)
      select coalesce(c.bill_id, m.id), c.order_id, c.to_charge_paise
      from changed c
      left join made m on m.customer_id = c.customer_id and m.covers = c.covers and m.reason = c.reason
      where c.held_on is null
    )
    select count(*) filter (where covers = 'subscriptions') as subscription_bills,
      (select count(*) from corrected) as corrected_drafts,
      count(*) filter (where covers = 'order') as one_time_bills,
      count(*) filter (where covers = 'supplement') as supplements
    from made`.execute(tx);
  const [done] = rows;
  if (!done) throw new Error("a count answered no row");
  return done;
};
