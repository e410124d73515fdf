import { type AlertManager, AlertType } from "@earlybird-ops/platform/alerts";
import { sql } from "kysely";
import { addDays, type BusinessClock, hourOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";

/** The hour by which every delivery should be confirmed, in the time zone of the business. */
const cutOffHour = 10;

/** Older deliveries have already been reported on this many mornings. */
const daysBack = 6;

/** The day of the last cut-off: today from 10:00, yesterday before. */
export const dayOfLastCutOff = (clock: BusinessClock): string =>
  hourOfDay(clock) >= cutOffHour ? today(clock) : addDays(today(clock), -1);

/** The unconfirmed deliveries of a day and the six days before, and the day of the oldest. */
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
 * Raises an alert, once a day, about deliveries that are open after the cut-off, until they are confirmed or cancelled:
 * they were not made, or will not be billed. Call this every few minutes.
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
  // Open deliveries of earlier days are included in the count of this one.
  for (const { type, key } of alerts.active()) {
    if (type !== AlertType.DELIVERY_ISSUE || !key.startsWith(keyOfDay("")) || key === keyOfDay(day)) continue;
    alerts.resolve(type, key);
  }
};
