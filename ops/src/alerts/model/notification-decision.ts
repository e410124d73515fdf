import { isDeepStrictEqual } from "node:util";
import type { AlertType } from "./alert.ts";
import type { Occasion } from "./notification.ts";

/** The failover delay between two instances if they cannot reach the database. */
export const failoverDelayMs = 60_000;

/** A decision to notify or not, with its time (ISO 8601) and reason. */
export type Decision = { at: string; occasion: Occasion } & Choice;

export type Choice =
  /** It was sent to the channels: these, as far as they are known. */
  | { decision: "told"; notification_id: string; symptoms: number; channels?: readonly string[] }
  /** It may be explained in a moment by something that is about to be found. */
  | { decision: "waits_for_cause"; cause: AlertType; until: string }
  /** The database is unavailable, and an earlier instance is likely to send it. */
  | { decision: "waits_for_turn"; rank: number; until: string }
  | { decision: "inhibited"; by: AlertType; by_alert: string }
  /** Decisions of an older version do not name the mute. */
  | { decision: "muted"; mute?: string; scope?: string; by: string; until: string; reason: string | null }
  /** No reminders are sent. */
  | { decision: "acknowledged"; by: string; note: string | null }
  | { decision: "unacknowledged"; by: string }
  | { decision: "repeat"; of_alert: string; until: string }
  | { decision: "told_elsewhere"; instance: string; alert: string }
  /** The start of the alert was not sent, so its end is not sent either. */
  | { decision: "never_told" };

/**
 * Whether two choices are equal; a repetition is not recorded. A notification is sent once, whichever instance
 * records it.
 */
export const sameChoice = (a: Choice, b: Choice): boolean =>
  a.decision === "told" && b.decision === "told"
    ? a.notification_id === b.notification_id
    : isDeepStrictEqual(a, b);

/** A decision as a sentence, without its time. */
export const describeDecision = (decision: Decision): string => {
  switch (decision.decision) {
    case "told": {
      const { symptoms } = decision;
      const more =
        symptoms === 0 ? "" : `, with ${symptoms} ${symptoms === 1 ? "symptom" : "symptoms"} suppressed`;
      return `sent to the channels${more}`;
    }
    case "waits_for_cause":
      return `held back until ${decision.until} in case ${decision.cause} explains it`;
    case "waits_for_turn":
      return `held back until ${decision.until}: the database is unavailable, and ${decision.rank} other ${decision.rank === 1 ? "instance comes" : "instances come"} first`;
    case "inhibited":
      return `not sent: explained by ${decision.by} (alert ${decision.by_alert})`;
    case "muted": {
      const { mute, scope, by, until, reason } = decision;
      const named = mute === undefined ? "" : `, mute ${mute} of ${scope}`;
      return `not sent: muted by ${by} until ${until}${named}${reason === null ? "" : `, because: ${reason}`}`;
    }
    case "acknowledged":
      return `no reminders: acknowledged by ${decision.by}${decision.note === null ? "" : `: ${decision.note}`}`;
    case "unacknowledged":
      return `reminders continue: ${decision.by} withdrew the acknowledgement`;
    case "repeat":
      return `not sent before ${decision.until}: repeats alert ${decision.of_alert}`;
    case "told_elsewhere":
      return `sent by instance ${decision.instance} (alert ${decision.alert})`;
    case "never_told":
      return "not sent: its start was not sent";
  }
};
