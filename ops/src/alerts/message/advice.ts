import { AlertType } from "../model/alert.ts";

/** What an alert means for users of the service, and what to do first. */
export interface Advice {
  impact: string;
  action: string;
}

/** The advice for each type. The service itself knows what a CUSTOM alert means. */
export const advice: Readonly<Partial<Record<AlertType, Advice>>> = {
  [AlertType.DATABASE_DOWN]: {
    impact: "Requests that need the database fail, and all writes.",
    action:
      "Check that PostgreSQL runs and accepts connections (pg_isready, its log, its disk). If connections are used up, end sessions that are idle in a transaction. A restart of the service does not help.",
  },
  [AlertType.DATABASE_SLOW]: {
    impact: "Every request that uses the database waits.",
    action:
      "Look for the longest transaction, lock waits and load on the database server. Undo the latest change if it began there.",
  },
  [AlertType.HIGH_ERROR_RATE]: {
    impact: "Users get errors instead of answers.",
    action:
      "Look at the route that fails most and its error code. Undo the step or release that came shortly before.",
  },
  [AlertType.HIGH_CPU]: {
    impact: "Requests wait for the processor; latencies grow.",
    action: "Look for the route with the most traffic or time. Add an instance, or undo the latest release.",
  },
  [AlertType.HIGH_MEMORY]: {
    impact: "The process may be killed for lack of memory.",
    action: "Restart one instance after the other, and look for a leak since the latest release.",
  },
  [AlertType.API_TIMEOUT]: {
    impact: "Users of this route wait, or give up.",
    action: "Look at lock waits, the pool and the latest change of this route.",
  },
  [AlertType.BILLING_FAILURE]: {
    impact: "Bills are missing or incomplete until a run succeeds.",
    action: "Read the reason, remove it, and start the run again: a run writes each bill once.",
  },
  [AlertType.DELIVERY_ISSUE]: {
    impact: "Customers may not get what they ordered.",
    action: "Call the courier or the customer, and confirm or correct the delivery.",
  },
  [AlertType.SECURITY_ALERT]: {
    impact: "A client attempts what it may not; no data was read by the denied requests.",
    action:
      "Check whether the client is known. Block its address, and end the sessions of the account if it is at risk.",
  },
};
