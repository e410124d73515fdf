import { type AlertManager, AlertType } from "earlybird/alerts";
import { sql } from "kysely";
import { addDays, type BusinessClock, hourOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";

/** When breakfast is over, in the time zone of the business: by then every drop ought to be confirmed. */
const cutOffHour = 10;

/** What was left open longer has been told on as many mornings. */
const daysBack = 6;

/** The day whose cut-off was the last: today from ten in the morning on, yesterday before. */
export const dayOfLastCutOff = (clock: BusinessClock): string =>
  hourOfDay(clock) >= cutOffHour ? today(clock) : addDays(today(clock), -1);

/** Deliveries of a day and the six before it that nobody has confirmed, and the day of the oldest. */
export const readOpenDeliveries = async (
  db: DeliveryDatabase,
  day: string,
): Promise<{ open: number; customers: number; oldest: string | null }> => {
  const { rows } = await sql<{ open: number; customers: number; oldest: string | null }>`
    select count(*)::int as open, count(distinct customer_id)::int as customers, min(delivery_date) as oldest
    from delivery_statuses
    where status = 'pending' and delivery_date between ${addDays(day, -daysBack)}::date and ${day}::date`.execute(
    db,
  );
  return rows[0] ?? { open: 0, customers: 0, oldest: null };
};

const keyOfDay = (day: string) => `open ${day}`;

/**
 * Tells the operators, once a day, of deliveries left open after the cut-off, until they are confirmed or
 * cancelled: milk stands at no door, or stands there and will not be billed. To be called every few minutes.
 */
export const checkOpenDeliveries = async ({
  alerts,
  db,
  clock,
}: Pick<ApiContext, "db" | "clock"> & {
  alerts: Pick<AlertManager, "active" | "raise" | "resolve">;
}): Promise<void> => {
  const day = dayOfLastCutOff(clock);
  const { open, customers, oldest } = await readOpenDeliveries(db, day);
  if (oldest === null) {
    alerts.resolve(AlertType.DELIVERY_ISSUE, keyOfDay(day));
  } else {
    const are = open === 1 ? "delivery is" : "deliveries are";
    alerts.raise({
      type: AlertType.DELIVERY_ISSUE,
      key: keyOfDay(day),
      message: `${open} ${are} still open after the cut-off at ${cutOffHour}:00 of ${day}.`,
      details: { day, open, customers, oldest },
      // While the database is down nothing raises the alert again; silence does not mean that they are confirmed.
      quietMs: null,
    });
  }
  // What is still open of the days before is in the number of this one.
  for (const { type, key } of alerts.active()) {
    if (type !== AlertType.DELIVERY_ISSUE || !key.startsWith(keyOfDay("")) || key === keyOfDay(day)) continue;
    alerts.resolve(type, key);
  }
};
