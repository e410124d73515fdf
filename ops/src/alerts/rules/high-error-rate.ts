import { AlertSeverity, AlertType } from "../model/alert.ts";
import { databaseFigures } from "./database-figures.ts";
import { mostFailing } from "./most-failing.ts";
import type { Rule } from "./rule.ts";
import { wilsonLowerBound } from "./wilson.ts";

/**
 * Too many requests of the last minute failed, and not by chance: the rate's lower bound is over the limit.
 * Between the two, when the rate is over the limit and its bound is not, it cannot be said.
 */
export const highErrorRate: Rule = {
  type: AlertType.HIGH_ERROR_RATE,
  severity: AlertSeverity.ERROR,
  patience: {
    failuresToFire: 1,
    forMs: 0,
    successesToResolve: 2,
    keepFiringForMs: 30_000,
    endsUnknownAfterMs: 15 * 60_000,
  },
  condition: ({ errorRatePercent, errorRateMinRequests }) =>
    `over ${errorRatePercent} % of a minute's requests fail, of at least ${errorRateMinRequests}, with 95 % confidence`,
  find: ({ performance, database }, { errorRatePercent, errorRateMinRequests }) => {
    if (!performance || performance.requests < errorRateMinRequests) return [];
    const { requests, errors, endpoints } = performance;
    const failing = mostFailing(endpoints);
    const limit = errorRatePercent / 100;
    const details = {
      ...(failing === "" ? {} : { most_failing: failing }),
      error_rate_percent: Math.round((10_000 * errors) / requests) / 100,
      threshold_percent: errorRatePercent,
      errors,
      requests,
      ...databaseFigures(database),
    };
    if (errors / requests <= limit) return [{ key: "", finding: "fine", details }];
    const sure = wilsonLowerBound(errors, requests) > limit;
    return [{ key: "", finding: sure ? "failing" : "unknown", details }];
  },
  firedMessage: ({ error_rate_percent, errors, requests }) =>
    `${error_rate_percent} % of the requests fail: ${errors} of ${requests} in the last minute.`,
  resolvedMessage: () => "Requests succeed again.",
};
