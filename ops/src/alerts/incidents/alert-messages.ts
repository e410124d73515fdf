import { formatDuration } from "../model/duration.ts";
import type { Transition } from "../rules/rule-engine.ts";
import type { NewIncident } from "./active.ts";

/** The incident that a firing rule opens. */
export const newIncidentFrom = (
  { rule, key, details, sinceMs }: Transition & { transition: "fired" },
  now: Date,
  nowMs: number,
): NewIncident => ({
  type: rule.type,
  key,
  severity: rule.severity,
  message: rule.firedMessage(details, key),
  details: { ...details, failing_since: new Date(now.getTime() - (nowMs - sinceMs)).toISOString() },
  raised: null,
});

/** What an alert says about the present. */
export const measurementOf = ({
  rule,
  key,
  details,
}: Transition & { transition: "measured" }): Pick<NewIncident, "message" | "details"> => ({
  message: rule.firedMessage(details, key),
  details,
});

/** The message of an alert that a rule resolves. */
export const resolvedMessageOf = ({
  rule,
  key,
  lastedMs,
  because,
}: Transition & { transition: "resolved" }): string => {
  const lasted = formatDuration(lastedMs);
  const why = because === "fine" ? rule.resolvedMessage(key) : "Too few requests to evaluate the rule.";
  return `Resolved after ${lasted}. ${why}`;
};
