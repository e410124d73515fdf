import { defineFailure } from "@earlybird-ops/platform";
import { type RawBuilder, sql } from "kysely";
import { addDays } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { isStopOf } from "../couriers/index.ts";

const notTheRoundsDay = defineFailure({
  code: "EB_ROUND_DATE",
  status: 422,
  detail: "The round of {date} cannot start now.",
  remedy: "Start a round on its day, or the evening before.",
});

/** The stops of the round. */
export interface Round {
  date: string;
  today: string;
  area: string | undefined;
  /** A courier, who starts only their own stops (step 24). */
  courier: string | undefined;
}

/**
 * Sets the open orders of a round OUT_FOR_DELIVERY: they can no longer be cancelled. Starting it again includes orders
 * placed since.
 *
 * @returns the number of orders changed
 * @throws Failure EB_ROUND_DATE
 */
export const startRound = (
  { changes }: Pick<ApiContext, "changes">,
  { date, today, area, courier }: Round,
): Promise<number> => {
  if (date !== today && date !== addDays(today, 1)) throw notTheRoundsDay({ date });
  return changes.transaction(async (tx, active) => {
    const inArea = area === undefined ? sql`` : sql`and c.area = ${area}`;
    const own =
      courier !== undefined && active.has("role-checks") ? sql`and ${isStopOf(courier, date)}` : sql``;
    // Always lock orders in this order, so that concurrent requests cannot deadlock.
    const { rows } = await sql<{ id: string }>`
      select o.id from orders o join customers c on c.id = o.customer_id
      where o.delivery_date = ${date}::date and o.status in ('PENDING', 'CONFIRMED') ${inArea} ${own}
      order by o.id
      for update of o`.execute(tx);
    // The delivery of the order is open, or one without an order is. While step 20 is rolled back, deliveries have no
    // order: then all deliveries of the customer must be open.
    const open = active.has("delivery-order")
      ? sql`coalesce(
          (select bool_and(d.status = 'pending') from delivery_statuses d where d.order_id = o.id),
          ${unnamedOfTheDay(sql`bool_or(d.status = 'pending')`)})`
      : unnamedOfTheDay(sql`bool_and(d.status = 'pending')`);
    // A separate statement: it sees confirmations committed while this one waited for the locks.
    const { numAffectedRows = 0n } = await sql`
      update orders o set status = 'OUT_FOR_DELIVERY'
      where o.id = any(${rows.map(({ id }) => id)}::text[]) and o.status in ('PENDING', 'CONFIRMED') and ${open}`.execute(
      tx,
    );
    return Number(numAffectedRows);
  });
};

/** The customer's deliveries without an order on the day of the order. */
const unnamedOfTheDay = (open: RawBuilder<unknown>) => sql`(
  select ${open} from delivery_statuses d
  where d.delivery_date = o.delivery_date and d.customer_id = o.customer_id and d.order_id is null)`;
