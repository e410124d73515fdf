import type { Notification } from "../model/notification.ts";

/** The label of the occasion: `CRITICAL`, `NOW CRITICAL`, `STILL CRITICAL`, `RESOLVED`, `TEST`. */
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

/** The type of an alert with its key, `API_TIMEOUT (GET /api/orders)`, unless the key is its message. */
export const subjectOf = ({ alert: { type, key, message } }: Notification): string =>
  message.endsWith(key) ? type : `${type} (${key})`;

/** The message, with the number of suppressed symptoms. */
export const messageOf = ({ alert: { message }, symptoms }: Notification): string => {
  if (symptoms === 0) return message;
  const suppressed = symptoms === 1 ? "1 symptom" : `${symptoms} symptoms`;
  return `${message} (and ${suppressed} suppressed)`;
};

/** The summary in one line. */
export const headline = (notification: Notification): string =>
  `${occasionLabel(notification)}: ${subjectOf(notification)}: ${messageOf(notification)}`;

/** The start, and the end of a resolved alert. */
export const timesOf = ({ alert: { state, fired_at, resolved_at } }: Notification): string =>
  state === "resolved" ? `${fired_at} to ${resolved_at}` : `since ${fired_at}`;

/** The label of a detail: `failing_since` becomes `failing since`. */
export const labelOf = (name: string): string => name.replaceAll("_", " ");
