import { AlertSeverity, AlertType } from "../model/alert.ts";
import type { Rule } from "./rule.ts";

/** Pings take too long. One that is not answered is DATABASE_DOWN's business and says nothing here. */
export const databaseSlow: Rule = {
  type: AlertType.DATABASE_SLOW,
  severity: AlertSeverity.WARNING,
  patience: {
    failuresToFire: 2,
    forMs: 0,
    successesToResolve: 2,
    keepFiringForMs: 0,
    endsUnknownAfterMs: null,
  },
  condition: ({ databaseSlowMs }) => `two pings in a row take over ${databaseSlowMs} ms`,
  find: ({ database: { response_time_ms } }, { databaseSlowMs }) => {
    if (response_time_ms === null) return [];
    const details = { response_time_ms, threshold_ms: databaseSlowMs };
    return [{ key: "", finding: response_time_ms > databaseSlowMs ? "failing" : "fine", details }];
  },
  firedMessage: ({ response_time_ms }) => `The database is slow: a ping took ${response_time_ms} ms.`,
  resolvedMessage: (lasted) => `The database is quick again, after ${lasted}.`,
};
