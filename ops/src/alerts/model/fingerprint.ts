import { type Alert, type AlertType, isBefore, isWorse } from "./alert.ts";

/** Identifies what an alert is about, across instances and over time. */
export const fingerprintOf = ({ type, key }: Pick<Alert, "type" | "key">): string => fingerprint(type, key);

export const fingerprint = (type: AlertType, key: string): string => (key === "" ? type : `${type} ${key}`);

/** Of alerts that are about the same thing, one: the worst, and of those the first. Oldest first. */
export const oneOfEach = (alerts: readonly Alert[]): Alert[] => {
  const chosen = new Map<string, Alert>();
  for (const alert of alerts) {
    const other = chosen.get(fingerprintOf(alert));
    if (!other || stands(alert, other)) chosen.set(fingerprintOf(alert), alert);
  }
  return [...chosen.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
};

const stands = (alert: Alert, other: Alert): boolean =>
  alert.severity === other.severity ? isBefore(alert, other) : isWorse(alert.severity, other.severity);
