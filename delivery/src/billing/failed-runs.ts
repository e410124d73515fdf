import { Failure } from "earlybird";
import { type AlertManager, AlertType } from "earlybird/alerts";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";
import type { BillingRun } from "./generate.ts";
import { readUnbilled } from "./unbilled.ts";

/**
 * Runs the billing of a month, and tells the operators when it fails: bills that were not written are missed
 * by nobody until money is. The next run of the month that succeeds ends the alert.
 */
export const alertingFailedRun = async (
  { alerts, db, changes }: Pick<ApiContext, "alerts" | "db" | "changes">,
  month: string,
  run: () => Promise<BillingRun>,
): Promise<BillingRun> => {
  try {
    const done = await run();
    alerts.resolve(AlertType.BILLING_FAILURE, month);
    return done;
  } catch (cause) {
    // Such as a month to come: the asker's mistake, and no run at all.
    if (cause instanceof Failure && cause.status < 500) throw cause;
    // What broke the run, or the database's absence, may keep us from counting, too.
    const concerned = await readUnbilled(db, changes.active, month).catch(() => undefined);
    alerts.raise({
      type: AlertType.BILLING_FAILURE,
      key: month,
      message: `The billing run for ${month} failed: nothing was billed.`,
      details: {
        period: month,
        reason: reasonOf(cause),
        ...(concerned && { customers: concerned.customers, amount_paise: concerned.amountPaise }),
      },
    });
    throw cause;
  }
};

const longestReason = 300;

const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message || cause.name : String(cause)).slice(0, longestReason);

/**
 * Ends the alerts about months of which a run has succeeded since: it may have been on another instance, which
 * knows nothing of an alert of this one. To be called every few minutes.
 */
export const endMendedFailures = async ({
  alerts,
  db,
}: {
  alerts: Pick<AlertManager, "active" | "resolve">;
  db: DeliveryDatabase;
}): Promise<void> => {
  for (const { type, key: month, fired_at } of alerts.active()) {
    if (type !== AlertType.BILLING_FAILURE) continue;
    const since = await db
      .selectFrom("billing_runs")
      .select("succeeded_at")
      .where("period", "=", `${month}-01`)
      .where("succeeded_at", ">", new Date(fired_at))
      .executeTakeFirst();
    if (since) alerts.resolve(type, month);
  }
};
