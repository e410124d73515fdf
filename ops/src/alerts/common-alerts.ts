import { AlertType } from "./model/alert.ts";

/** What an alert's details may hold; never a password, a token or a secret address. */
type Details = Record<string, string | number>;

const longestReason = 300;

/** The words of whatever was thrown, short enough for a message. */
const wordsOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message || cause.name : String(cause)).slice(0, longestReason);

/**
 * A billing run that failed, for `raise`. It fires until `resolve(AlertType.BILLING_FAILURE, period)`.
 *
 * @param run.concerned whose bills were not written, and how much they come to; left out where unknown
 */
export const billingFailure = ({
  period,
  cause,
  concerned,
}: {
  period: string;
  cause: unknown;
  concerned?: { customers: number; amountPaise: number } | undefined;
}) => ({
  type: AlertType.BILLING_FAILURE,
  key: period,
  message: `The billing run for ${period} failed: nothing was billed.`,
  details: {
    period,
    reason: wordsOf(cause),
    ...(concerned === undefined
      ? {}
      : { customers: concerned.customers, amount_paise: concerned.amountPaise }),
  } as Details,
});

/** Something with deliveries that people must look after, for `raise`; one alert a key. */
export const deliveryIssue = (issue: { key: string; message: string; details: Details }) => ({
  type: AlertType.DELIVERY_ISSUE,
  ...issue,
});
