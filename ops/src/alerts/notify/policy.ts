import type { Cause } from "../incidents/inhibition.ts";
import type { Mute } from "../incidents/mute.ts";
import { describeScope } from "../incidents/mute-scope.ts";
import { type Acknowledgement, type Alert, type AlertSeverity, isWorse } from "../model/alert.ts";
import type { Occasion } from "../model/notification.ts";
import type { Choice } from "../model/notification-decision.ts";
import { type Incident, notifiedElsewhere } from "../model/record.ts";

/** The same alert is not sent again within this time, by any instance, unless its end was sent. */
export const repeatMs = 5 * 60_000;

/** An alert that ends and fires again is sent this many times within {@link repeatMs}; further ones wait. */
const mostWithinRepeat = 3;

/** The period in which the repetitions of an alert are counted. */
export const recountMs = 3_600_000;

/**
 * The tolerated difference between the clocks of two instances. A time further ahead was written before a clock was
 * set back and counts as past: sending twice is better than never.
 */
export const skewMs = 60_000;

/** The interval of reminders. */
export const reminderMs = 4 * 3_600_000;

export interface Circumstances {
  nowMs: number;
  mute: Mute | undefined;
  cause: Cause;
  /** The last notification of this process with the same fingerprint. */
  lastNotified: LastNotification | undefined;
}

/** The last notification about a fingerprint. Times are milliseconds on the steady clock. */
export interface LastNotification {
  atMs: number;
  alert: string;
  severity: AlertSeverity;
  /** When alerts with this fingerprint were sent for the first time, in the last hour, oldest first. */
  firedMs: readonly number[];
  /** Whether its end was sent, too. */
  hasEnded: boolean;
}

/** What to do about an alert now. */
export type NotificationPlan =
  | { do: "nothing" }
  | { do: "hold"; occasion: Occasion; choice: Choice; over: boolean }
  | { do: "notify"; occasion: Occasion };

/** Pure. The claim of another instance is checked when the notification is sent. */
export const decideNotification = (incident: Incident, circumstances: Circumstances): NotificationPlan =>
  incident.alert.state === "firing"
    ? whileFiring(incident, circumstances)
    : afterTheEnd(incident, circumstances);

const whileFiring = (
  { alert, telling, decisions }: Incident,
  circumstances: Circumstances,
): NotificationPlan => {
  const { nowMs } = circumstances;
  if (telling.state === "over") return nothing;
  // A state of an older version has no severity; then nothing counts as more severe.
  const isWorsened = telling.state !== "untold" && isWorse(alert.severity, telling.severity);
  const { acknowledged } = alert;
  if (telling.state === "elsewhere" && !isWorsened) {
    if (nowMs < telling.askAgainAtMs || acknowledged !== null) return nothing;
  }
  const reason = reasonToHold(alert, circumstances);
  if (telling.state !== "told") return reason ? hold("fired", reason) : notify("fired");
  // Recorded as soon as it is muted: an alert that still fires is sent when the mute ends, or after its cause has
  // ended.
  const wasMuted = decisions.findLast(isNotifiedOrMuted)?.decision === "muted";
  const occasion = isWorsened ? "worsened" : "reminder";
  if (occasion === "reminder" && acknowledged !== null) return hold(occasion, acknowledgedBy(acknowledged));
  const due =
    isWorsened || wasMuted || nowMs - telling.atMs >= reminderMs || circumstances.mute !== undefined;
  if (!due) return nothing;
  return reason ? hold(occasion, reason) : notify(occasion);
};

const isNotifiedOrMuted = ({ decision }: Choice): boolean => decision === "told" || decision === "muted";

const reasonToHold = (
  alert: Alert,
  { nowMs, mute, cause, lastNotified }: Circumstances,
): Choice | undefined => {
  if (mute) return mutedBy(mute);
  if (cause.state === "known") return { decision: "inhibited", by: cause.type, by_alert: cause.alert };
  if (cause.state === "unclear") {
    return { decision: "waits_for_cause", cause: cause.type, until: isoOf(cause.untilMs) };
  }
  if (!lastNotified || lastNotified.alert === alert.id || isWorse(alert.severity, lastNotified.severity))
    return undefined;
  const untilMs = repeatableAtMs(lastNotified);
  return nowMs < untilMs
    ? { decision: "repeat", of_alert: lastNotified.alert, until: isoOf(untilMs) }
    : undefined;
};

/**
 * When an alert may be sent again. People who know that it ended must learn at once that it is back; an alert that ends
 * and fires every few seconds may not send two messages each time.
 */
const repeatableAtMs = ({ atMs, firedMs, hasEnded }: LastNotification): number => {
  if (!hasEnded) return atMs + repeatMs;
  const earliest = firedMs.at(-mostWithinRepeat);
  return earliest === undefined ? atMs : earliest + repeatMs;
};

const afterTheEnd = (incident: Incident, { nowMs, mute }: Circumstances): NotificationPlan => {
  const { telling, decisions } = incident;
  if (telling.state === "over") return nothing;
  if (
    telling.state === "elsewhere" &&
    notifiedElsewhere(incident, "resolved") &&
    nowMs < telling.askAgainAtMs
  )
    return nothing;
  // The earlier instance may have died before it sent it.
  const mayBeOurs = telling.state !== "untold" || decisions.at(-1)?.decision === "waits_for_turn";
  if (!mayBeOurs) return { ...hold("resolved", { decision: "never_told" }), over: true };
  return mute ? { ...hold("resolved", mutedBy(mute)), over: true } : notify("resolved");
};

const nothing: NotificationPlan = { do: "nothing" };
const notify = (occasion: Occasion): NotificationPlan => ({ do: "notify", occasion });
const hold = (occasion: Occasion, choice: Choice) =>
  ({ do: "hold", occasion, choice, over: false }) satisfies NotificationPlan;

const mutedBy = (mute: Mute): Choice => ({
  decision: "muted",
  mute: mute.id,
  scope: describeScope(mute),
  by: mute.author,
  until: mute.until,
  reason: mute.reason,
});

const acknowledgedBy = ({ by, note }: Acknowledgement): Choice => ({ decision: "acknowledged", by, note });

const isoOf = (ms: number): string => new Date(ms).toISOString();
