import { defineFailure } from "earlybird";
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

/** Which stops set out. */
export interface Round {
  date: string;
  today: string;
  area: string | undefined;
  /** A courier, who starts with their own stops only (step 24). */
  courier: string | undefined;
}

/**
 * Turns the open orders of a round OUT_FOR_DELIVERY: from then on nobody can cancel them. Starting it again turns
 * what was placed since.
 *
 * @returns how many orders were turned
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
    // In one order everywhere, so that two who lock the same orders cannot wait for each other.
    const { rows } = await sql<{ id: string }>`
      select o.id from orders o join customers c on c.id = o.customer_id
      where o.delivery_date = ${date}::date and o.status in ('PENDING', 'CONFIRMED') ${inArea} ${own}
      order by o.id
      for update of o`.execute(tx);
    // Its own delivery is open, or one that names no order is. While step 20 is rolled back nobody knows whose a
    // delivery is: then all of the customer's must be open.
    const open = active.has("delivery-order")
      ? sql`coalesce(
          (select bool_and(d.status = 'pending') from delivery_statuses d where d.order_id = o.id),
          ${unnamedOfTheDay(sql`bool_or(d.status = 'pending')`)})`
      : unnamedOfTheDay(sql`bool_and(d.status = 'pending')`);
    // A statement of its own: it sees what was confirmed while the locks were waited for.
    const { numAffectedRows = 0n } = await sql`
      update orders o set status = 'OUT_FOR_DELIVERY'
      where o.id = any(${rows.map(({ id }) => id)}::text[]) and o.status in ('PENDING', 'CONFIRMED') and ${open}`.execute(
      tx,
    );
    return Number(numAffectedRows);
  });
};

/** Of the customer's deliveries of the order's day that name no order. */
const unnamedOfTheDay = (open: RawBuilder<unknown>) => sql`(
  select ${open} from delivery_statuses d
  where d.delivery_date = o.delivery_date and d.customer_id = o.customer_id and d.order_id is null)`;
