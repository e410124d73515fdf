import { failureOf } from "@earlybird-ops/platform";
import { AlertType } from "@earlybird-ops/platform/alerts";
import type { ApiContext } from "../context.ts";
import { isDatabaseUnreachable } from "../database-unreachable.ts";

/**
 * Runs a confirmation and raises an alert if it fails with a server error: a courier cannot continue.
 *
 * A refusal (4xx) is normal; its response tells the courier what to do. After a 503 the same request succeeds on retry, or
 * the database is down, which has an alert of its own.
 *
 * @param what identifies the confirmation in the details of the alert
 */
export const alertingFailedConfirmation = async <T>(
  { alerts }: Pick<ApiContext, "alerts">,
  what: Record<string, string>,
  confirm: () => Promise<T>,
): Promise<T> => {
  try {
    return await confirm();
  } catch (cause) {
    const failure = failureOf(cause, isDatabaseUnreachable);
    if (failure.status >= 500 && failure.status !== 503) {
      alerts.raise({
        type: AlertType.DELIVERY_ISSUE,
        // One alert for all customers: a fault that breaks one confirmation usually breaks others.
        key: "confirmation",
        message: "A delivery could not be confirmed.",
        details: { ...what, reason: cause instanceof Error ? cause.message.slice(0, 300) : failure.detail },
      });
    }
    throw cause;
  }
};
