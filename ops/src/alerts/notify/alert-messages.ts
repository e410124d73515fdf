import type { Beginning } from "../incidents/active.ts";
import { inWords } from "../model/duration.ts";
import type { Transition } from "../rules/rule-engine.ts";

/** What begins when a rule fires. */
export const beginningOf = (
  { rule, key, details, sinceMs }: Transition & { transition: "fired" },
  now: Date,
  nowMs: number,
): Beginning => ({
  type: rule.type,
  key,
  severity: rule.severity,
  message: rule.firedMessage(details, key),
  details: { ...details, failing_since: new Date(now.getTime() - (nowMs - sinceMs)).toISOString() },
  raised: null,
});

/** In which words it is told that what a rule watches is over. */
export const endOf = ({ rule, key, lastedMs, because }: Transition & { transition: "resolved" }): string => {
  const lasted = inWords(lastedMs);
  return because === "fine"
    ? rule.resolvedMessage(lasted, key)
    : `It cannot be told any more, for want of requests; it had lasted ${lasted}.`;
};
