import { AlertSeverity, AlertType } from "./alert.ts";

/** The types that the service raises itself; no rule watches for them. */
export type RaisedType =
  | typeof AlertType.BILLING_FAILURE
  | typeof AlertType.DELIVERY_ISSUE
  | typeof AlertType.SECURITY_ALERT
  | typeof AlertType.CUSTOM;

const quarterOfAnHourMs = 15 * 60_000;

/**
 * The meaning of a raised type, its default severity, and the time without a repetition after which it ends; null:
 * only when it is resolved.
 */
export const raisedTypes: Readonly<
  Record<RaisedType, { severity: AlertSeverity; means: string; quietMs: number | null }>
> = {
  [AlertType.BILLING_FAILURE]: {
    severity: AlertSeverity.CRITICAL,
    means: "a billing run has failed",
    // Bills that were not written stay unwritten, however quiet it is, until a run succeeds.
    quietMs: null,
  },
  [AlertType.DELIVERY_ISSUE]: {
    severity: AlertSeverity.ERROR,
    means: "a confirmation failed, or a delivery was left open",
    quietMs: quarterOfAnHourMs,
  },
  [AlertType.SECURITY_ALERT]: {
    severity: AlertSeverity.CRITICAL,
    means:
      "repeated denied requests or failed logins (a warning, unless an account is at risk), or an attempt on a route for operators",
    quietMs: quarterOfAnHourMs,
  },
  [AlertType.CUSTOM]: {
    severity: AlertSeverity.ERROR,
    means: "any condition that the service reports",
    quietMs: quarterOfAnHourMs,
  },
};
