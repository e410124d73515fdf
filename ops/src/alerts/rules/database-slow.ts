import { AlertSeverity, AlertType } from "../model/alert.ts";
import { formatMs } from "../model/duration.ts";
import { databaseFigures } from "./database-figures.ts";
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
  find: ({ database }, { databaseSlowMs }) => {
    const { response_time_ms } = database;
    if (response_time_ms === null) return [];
    const details = { response_time_ms, threshold_ms: databaseSlowMs, ...databaseFigures(database) };
    return [{ key: "", finding: response_time_ms > databaseSlowMs ? "failing" : "fine", details }];
  },
  firedMessage: ({ response_time_ms }) =>
    `The database is slow: a ping took ${formatMs(Number(response_time_ms))}.`,
  resolvedMessage: () => "The database is quick again.",
};
