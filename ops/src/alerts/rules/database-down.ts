import { AlertSeverity, AlertType } from "../model/alert.ts";
import type { Rule } from "./rule.ts";

/** The database has not answered two pings in a row; checks come every second while it fails. */
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
  condition: () => "two pings in a row fail",
  find: ({ database }) => [
    database.status === "unhealthy"
      ? { key: "", finding: "failing", details: { reason: database.reason } }
      : { key: "", finding: "fine", details: {} },
  ],
  firedMessage: () => "The database does not answer.",
  resolvedMessage: (lasted) => `The database answers again, after ${lasted}.`,
};
