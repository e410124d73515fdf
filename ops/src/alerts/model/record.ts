import { type Alert, type AlertSeverity, isWorse } from "./alert.ts";
import type { Attempt, Occasion } from "./notification.ts";
import { type Choice, type Decision, sameChoice } from "./notification-decision.ts";

/** An alert and all that is known about why people were, or were not, told of it. */
export interface AlertRecord {
  alert: Alert;
  /** Where it was seen. */
  instance: string;
  decisions: Decision[];
  /** Of each channel the last fifty. */
  attempts: Attempt[];
}

/** What people know of an alert. Times are milliseconds on the steady clock. */
export type NotificationState =
  | { state: "untold" }
  /** This process has told it, and how severe it was. */
  | { state: "told"; atMs: number; severity: AlertSeverity }
  /** Another one has; it is looked up again whether it still cares, and at once when this becomes more severe. */
  | { state: "elsewhere"; askAgainAtMs: number; severity: AlertSeverity }
  /** There is nothing left to tell. */
  | { state: "over" };

/** An alert of this process while it is dealt with. */
export interface Incident extends AlertRecord {
  firedMs: number;
  telling: NotificationState;
  /** The ids of alerts that it explains. */
  symptoms: string[];
  /** Null for what a rule watches. */
  raised: { lastMs: number; quietMs: number | null } | null;
}

const mostAttempts = 50;

/** Writes a decision down, unless it says what the last one of the same occasion said. */
export const noteDecision = (record: AlertRecord, occasion: Occasion, choice: Choice, now: Date): boolean => {
  const last = record.decisions.at(-1);
  if (last?.occasion === occasion && sameChoice(withoutPlace(last), choice)) return false;
  record.decisions.push({ at: now.toISOString(), occasion, ...choice });
  return true;
};

/** Who was last expected to tell it, of an alert as it is; undefined when nobody was. */
export const notifiedElsewhere = (incident: Incident, occasion: Occasion) => {
  const { telling, decisions } = incident;
  const last = decisions.at(-1);
  if (last?.occasion !== occasion || last.decision !== "told_elsewhere") return undefined;
  if (telling.state === "elsewhere" && isWorse(incident.alert.severity, telling.severity)) return undefined;
  const { decision, instance, alert } = last;
  return { decision, instance, alert };
};

const withoutPlace = ({ at: _at, occasion: _occasion, ...choice }: Decision): Choice => choice as Choice;

export const noteAttempt = (record: AlertRecord, attempt: Attempt): void => {
  const { attempts } = record;
  attempts.push(attempt);
  const ofChannel = attempts.filter(({ channel }) => channel === attempt.channel);
  if (ofChannel.length <= mostAttempts) return;
  // What became of a notification in the end is remembered longer than how often it was tried.
  const least = ofChannel.find(({ next_at }) => next_at !== null) ?? ofChannel[0];
  record.attempts = attempts.filter((one) => one !== least);
};
