import { type Alert, type AlertSeverity, isWorse } from "./alert.ts";
import type { Attempt, Occasion } from "./notification.ts";
import { type Choice, type Decision, sameChoice } from "./notification-decision.ts";

/** An alert with its decisions and attempts. */
export interface AlertRecord {
  alert: Alert;
  /** The instance that raised it. */
  instance: string;
  decisions: Decision[];
  /** Of each channel the last fifty. */
  attempts: Attempt[];
}

/** Whether an alert was sent, and by whom. Times are milliseconds on the steady clock. */
export type NotificationState =
  | { state: "untold" }
  /** This process sent it, with this severity. */
  | { state: "told"; atMs: number; severity: AlertSeverity }
  /** Another instance sent it. Its claim is checked again later, and at once if the alert becomes more severe. */
  | { state: "elsewhere"; askAgainAtMs: number; severity: AlertSeverity }
  /** Nothing is left to send. */
  | { state: "over" };

/** An alert of this process while it is dealt with. */
export interface Incident extends AlertRecord {
  firedMs: number;
  telling: NotificationState;
  /** The alerts whose notifications began the conversations about this one, once that is known. */
  threads?: readonly string[];
  /** The ids of alerts that it explains. */
  symptoms: string[];
  /** Null for alerts of rules. */
  raised: { lastMs: number; quietMs: number | null } | null;
}

const mostAttempts = 50;

/** Records a decision, unless it repeats the last one of the same occasion. */
export const noteDecision = (record: AlertRecord, occasion: Occasion, choice: Choice, now: Date): boolean => {
  const last = record.decisions.at(-1);
  if (last?.occasion === occasion && sameChoice(withoutPlace(last), choice)) return false;
  record.decisions.push({ at: now.toISOString(), occasion, ...choice });
  return true;
};

/**
 * The instance that was last expected to send it; undefined if there is none, or if the alert became more severe
 * since.
 */
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
  // The final result of a notification is kept longer than its attempts.
  const least = ofChannel.find(({ next_at }) => next_at !== null) ?? ofChannel[0];
  record.attempts = attempts.filter((one) => one !== least);
};
