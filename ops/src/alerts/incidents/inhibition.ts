import { AlertType } from "../model/alert.ts";

/** The cause of an alert. Times are milliseconds on the steady clock. */
export type Cause =
  | { state: "none" }
  /** It is about to be known whether there is one. */
  | { state: "unclear"; type: AlertType; untilMs: number }
  | { state: "known"; type: AlertType; alert: string };

/** The causes of each type. While a cause fires, its symptoms are recorded and not sent. */
const causes: Partial<Record<AlertType, readonly AlertType[]>> = {
  [AlertType.DATABASE_SLOW]: [AlertType.DATABASE_DOWN],
  [AlertType.API_TIMEOUT]: [AlertType.DATABASE_DOWN],
  [AlertType.HIGH_ERROR_RATE]: [AlertType.DATABASE_DOWN],
};
const none: readonly AlertType[] = [];

/** Requests and gauges that depend on the database. */
const causesOfDeclared: readonly AlertType[] = [AlertType.DATABASE_DOWN];

/** The types that may explain an alert. An alert of type CUSTOM that a rule raised is a declared one. */
export const causesOf = (type: AlertType, isRaised: boolean): readonly AlertType[] =>
  type === AlertType.CUSTOM && !isRaised ? causesOfDeclared : (causes[type] ?? none);

/**
 * How long after its cause has ended a symptom is still explained by it: requests that failed stay in the
 * last minute's numbers for a minute, and a rate keeps firing for half of one.
 */
export const aftermathMs = 120_000;

/** How long a symptom waits at most for its cause to show: two pings of a server that hangs fit in. */
export const graceMs = 15_000;
