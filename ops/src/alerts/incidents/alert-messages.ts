import { formatDuration } from "../model/duration.ts";
import type { Transition } from "../rules/rule-engine.ts";
import type { NewIncident } from "./active.ts";

/** What begins when a rule fires. */
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

/** In which words it is told that what a rule watches is over. */
export const resolvedMessageOf = ({
  rule,
  key,
  lastedMs,
  because,
}: Transition & { transition: "resolved" }): string => {
  const lasted = formatDuration(lastedMs);
  return because === "fine"
    ? rule.resolvedMessage(lasted, key)
    : `It cannot be told any more, for want of requests; it had lasted ${lasted}.`;
};
