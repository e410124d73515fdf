import type { Notification } from "../model/notification.ts";

/** What it is about, before its message: `CRITICAL`, `NOW CRITICAL`, `STILL CRITICAL`, `RESOLVED`, `TEST`. */
export const occasionLabel = ({ occasion, alert }: Notification): string => {
  const severity = alert.severity.toUpperCase();
  const words = {
    fired: severity,
    worsened: `NOW ${severity}`,
    reminder: `STILL ${severity}`,
    resolved: "RESOLVED",
    test: "TEST",
  };
  return words[occasion];
};

/**
 * The type of an alert, with what tells it apart from others of its type, `API_TIMEOUT (GET /api/orders)`, unless that
 * is its message.
 */
export const subjectOf = ({ alert: { type, key, message } }: Notification): string =>
  message.endsWith(key) ? type : `${type} (${key})`;

/** What is wrong, and how much else that explains. */
export const messageOf = ({ alert: { message }, symptoms }: Notification): string => {
  if (symptoms === 0) return message;
  const suppressed = symptoms === 1 ? "1 symptom" : `${symptoms} symptoms`;
  return `${message} (and ${suppressed} suppressed)`;
};

/** All of it in one line. */
export const headline = (notification: Notification): string =>
  `${occasionLabel(notification)}: ${subjectOf(notification)}: ${messageOf(notification)}`;

/** When it began or ended. */
export const timesOf = ({ alert: { state, fired_at, resolved_at } }: Notification): string =>
  state === "resolved" ? `${fired_at} to ${resolved_at}` : `since ${fired_at}`;

/** A name of a detail as people write it: `failing_since` is `failing since`. */
export const labelOf = (name: string): string => name.replaceAll("_", " ");
