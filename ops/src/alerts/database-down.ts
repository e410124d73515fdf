import { AlertSeverity, AlertType } from "./alert.ts";
import type { Rule } from "./rule.ts";

/** The database has not answered two pings in a row; checks come every second while it fails. */
export const databaseDown: Rule = {
  type: AlertType.DATABASE_DOWN,
  severity: AlertSeverity.CRITICAL,
  patience: { failuresToFire: 2, successesToResolve: 2 },
  faultIn: ({ database }) => (database.status === "unhealthy" ? { reason: database.reason } : undefined),
  firedMessage: "The database does not answer.",
  resolvedMessage: (lasted) => `The database answers again, after ${lasted}.`,
};
