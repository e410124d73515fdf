import type { Cause } from "../incidents/inhibition.ts";
import type { Mute } from "../incidents/mute.ts";
import { describeScope } from "../incidents/mute-scope.ts";
import { type Acknowledgement, type Alert, type AlertSeverity, isWorse } from "../model/alert.ts";
import type { Occasion } from "../model/notification.ts";
import type { Choice } from "../model/notification-decision.ts";
import { type Incident, notifiedElsewhere } from "../model/record.ts";

/** The same alert is not sent again within this time, by any instance. */
export const repeatMs = 5 * 60_000;

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
  /** The last notification of this process with the same fingerprint, and its severity. */
  lastNotified: { atMs: number; alert: string; severity: AlertSeverity } | undefined;
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
  const isRepeated = lastNotified !== undefined && !isWorse(alert.severity, lastNotified.severity);
  if (isRepeated && lastNotified.alert !== alert.id && nowMs - lastNotified.atMs < repeatMs) {
    return { decision: "repeat", of_alert: lastNotified.alert, until: isoOf(lastNotified.atMs + repeatMs) };
  }
  return undefined;
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
