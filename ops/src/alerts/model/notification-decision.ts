import { isDeepStrictEqual } from "node:util";
import type { AlertType } from "./alert.ts";
import type { Occasion } from "./notification.ts";

/** How much later each instance tells than the one before it, when they cannot agree. */
export const failoverDelayMs = 60_000;

/** What was decided about telling people of an alert, when, and why. Times are ISO 8601. */
export type Decision = { at: string; occasion: Occasion } & Choice;

export type Choice =
  /** It was handed to the channels: these, as far as they are known. */
  | { decision: "told"; notification_id: string; symptoms: number; channels?: readonly string[] }
  /** It may be explained in a moment by something that is about to be found. */
  | { decision: "waits_for_cause"; cause: AlertType; until: string }
  /** The database is away, and an instance that comes first is likely to tell it. */
  | { decision: "waits_for_turn"; rank: number; until: string }
  | { decision: "inhibited"; by: AlertType; by_alert: string }
  | { decision: "muted"; by: string; until: string; reason: string | null }
  | { decision: "repeat"; of_alert: string; until: string }
  | { decision: "told_elsewhere"; instance: string; alert: string }
  /** An end whose beginning was told to nobody. */
  | { decision: "never_told" };

/**
 * Whether two choices say the same; a repetition is not written down again. A notification is told once, whoever
 * says so.
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
      return `handed to the channels${more}`;
    }
    case "waits_for_cause":
      return `held back until ${decision.until} in case ${decision.cause} explains it`;
    case "waits_for_turn":
      return `held back until ${decision.until}: the database is away, and ${decision.rank} other ${decision.rank === 1 ? "instance comes" : "instances come"} first`;
    case "inhibited":
      return `not told: ${decision.by} explains it (alert ${decision.by_alert})`;
    case "muted":
      return `not told: muted by ${decision.by} until ${decision.until}${decision.reason === null ? "" : `, because: ${decision.reason}`}`;
    case "repeat":
      return `not told before ${decision.until}: a repetition of alert ${decision.of_alert}`;
    case "told_elsewhere":
      return `told by instance ${decision.instance} (alert ${decision.alert})`;
    case "never_told":
      return "not told: nobody was told of its beginning";
  }
};
