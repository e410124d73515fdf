import { failureOf } from "earlybird";
import { AlertType } from "earlybird/alerts";
import type { ApiContext } from "../context.ts";
import { isDatabaseUnreachable } from "../database-unreachable.ts";

/**
 * Runs a confirmation, and tells the operators when it fails for a fault of ours: somebody stands at a door and
 * cannot go on.
 *
 * A refusal (4xx) is told to whoever confirms, in words they can act on, and is part of a normal morning. With
 * 503 the same request succeeds a moment later, or the database is away, of which there is an alert already.
 *
 * @param what says which confirmation, for the details of the alert
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
