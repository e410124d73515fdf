import { AlertSeverity } from "../../model/alert.ts";
import type { Finding } from "../evaluate.ts";
import { wilsonLowerBound } from "../wilson.ts";

/**
 * How fast the error budget may burn. An alert fires while both windows are over the limit: the long one shows that the
 * loss matters, the short one that it continues.
 *
 * Source: Google, "The Site Reliability Workbook", chapter 5, "Alerting on SLOs", section 6, "Multiwindow, Multi-Burn-Rate
 * Alerts", https://sre.google/workbook/alerting-on-slos/: 2 % of the budget in one hour, which is 14.4 times the steady
 * rate of 30 days, and 5 % in six hours, 6 times; the short window is a twelfth of the long one.
 */
export interface Burn {
  speed: "fast" | "slow";
  severity: AlertSeverity;
  longMinutes: number;
  shortMinutes: number;
  /** The share of the budget that the long window may use. */
  budgetShare: number;
}

export const burns: readonly Burn[] = [
  { speed: "fast", severity: AlertSeverity.CRITICAL, longMinutes: 60, shortMinutes: 5, budgetShare: 0.02 },
  { speed: "slow", severity: AlertSeverity.WARNING, longMinutes: 360, shortMinutes: 30, budgetShare: 0.05 },
];

/** How many times faster than steadily over the period the budget burns at the limit. */
export const burnRateLimit = ({ budgetShare, longMinutes }: Burn, days: number): number =>
  (budgetShare * days * 24 * 60) / longMinutes;

/** The error rate at the limit, from 0 to 1. */
export const errorRateLimit = (burn: Burn, { availability, days }: { availability: number; days: number }) =>
  // Without the last digits of floating point, which would show in the generated rules.
  Number((burnRateLimit(burn, days) * (1 - availability)).toPrecision(12));

/** Requests of a window. */
export interface Counts {
  requests: number;
  errors: number;
}

/**
 * Pure. Both windows must be over the limit, the long one with 95 % confidence; over the limit without it may be chance.
 *
 * @param limit the error rate, from 0 to 1
 * @param minRequests with fewer in the long window, the finding is unknown if the limit is exceeded
 */
export const judgeBurn = ({
  long,
  short,
  limit,
  minRequests,
}: {
  long: Counts;
  short: Counts;
  limit: number;
  minRequests: number;
}): Finding => {
  if (!isOver(long, limit) || !isOver(short, limit)) return "fine";
  const isSure = long.requests >= minRequests && wilsonLowerBound(long.errors, long.requests) > limit;
  return isSure ? "failing" : "unknown";
};

const isOver = ({ requests, errors }: Counts, limit: number): boolean => errors > limit * requests;
