import { AlertSeverity, AlertType } from "../model/alert.ts";
import { formatMs } from "../model/duration.ts";
import { databaseFigures } from "./database-figures.ts";
import type { Rule } from "./rule.ts";

/** A route answers too late; each route has an alert of its own. */
export const apiTimeout: Rule = {
  type: AlertType.API_TIMEOUT,
  severity: AlertSeverity.WARNING,
  patience: {
    failuresToFire: 1,
    forMs: 0,
    successesToResolve: 2,
    keepFiringForMs: 30_000,
    endsUnknownAfterMs: 15 * 60_000,
  },
  condition: ({ apiTimeoutMs, apiTimeoutMinRequests }) =>
    `a route's p95 of the last minute is over ${apiTimeoutMs} ms, with at least ${apiTimeoutMinRequests} requests`,
  find: ({ performance, database }, { apiTimeoutMs, apiTimeoutMinRequests }) =>
    (performance?.endpoints ?? [])
      .filter((route) => route.requests >= apiTimeoutMinRequests && !route.excluded_from_rates)
      .map(({ method, route, p95_ms, requests }) => ({
        key: `${method} ${route}`,
        finding: p95_ms > apiTimeoutMs ? ("failing" as const) : ("fine" as const),
        details: {
          route: `${method} ${route}`,
          p95_ms,
          threshold_ms: apiTimeoutMs,
          requests,
          ...databaseFigures(database),
        },
      })),
  firedMessage: ({ p95_ms }, key) =>
    `${key} is slow: its p95 of the last minute is ${formatMs(Number(p95_ms))}.`,
  resolvedMessage: (key) => `${key} is quick again.`,
};
