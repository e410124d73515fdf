import { AlertSeverity, AlertType } from "../model/alert.ts";
import { connectionFailure } from "./connection-failure.ts";
import { databaseFigures } from "./database-figures.ts";
import type { Rule } from "./rule.ts";

/** Two checks in a row found no usable database; checks come every second while it fails. */
export const databaseDown: Rule = {
  type: AlertType.DATABASE_DOWN,
  severity: AlertSeverity.CRITICAL,
  patience: {
    failuresToFire: 2,
    forMs: 0,
    successesToResolve: 2,
    keepFiringForMs: 0,
    endsUnknownAfterMs: null,
  },
  condition: () => "two pings in a row fail, or the service gets no connection",
  find: ({ database }) => {
    if (database.status !== "unhealthy") return [{ key: "", finding: "fine", details: {} }];
    const { problem, reason } = database;
    const details = { problem: problem.replaceAll("_", " "), reason: connectionFailure(reason) };
    return [{ key: "", finding: "failing", details: { ...details, ...databaseFigures(database) } }];
  },
  firedMessage: ({ problem, reason }) =>
    problem === "unreachable"
      ? `The database is unreachable: ${reason}.`
      : `The service gets no connection to the database: ${reason}.`,
  resolvedMessage: () => "The database answers again.",
};
