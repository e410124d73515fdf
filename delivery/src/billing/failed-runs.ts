import { Failure } from "@earlybird-ops/platform";
import { type AlertManager, AlertType } from "@earlybird-ops/platform/alerts";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";
import type { BillingRun } from "./generate.ts";
import { readUnbilled } from "./unbilled.ts";

/**
 * Runs the billing of a month and raises an alert if it fails: nobody notices missing bills until money is missing. The
 * next successful run of the month resolves the alert.
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
    // A client error, such as a month in the future: no run was started.
    if (cause instanceof Failure && cause.status < 500) throw cause;
    // The count can fail for the same reason.
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
 * Resolves the alerts about months that a later run has billed: it can have run on another instance, which does not
 * know the alerts of this one. Call this every few minutes.
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
