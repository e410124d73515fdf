import { defineFailure } from "../../core/failure.ts";
import { type Alert, AlertSeverity, AlertType, isWorse } from "../model/alert.ts";
import { formatDuration } from "../model/duration.ts";
import { type RaisedType, raisedTypes } from "../model/raised-types.ts";
import type { Incident } from "../model/record.ts";
import { sanitizeDetails, sanitizeKey, sanitizeMessage } from "../model/sanitize.ts";
import type { Details } from "../rules/rule.ts";
import type { Incidents } from "./active.ts";

/** A request of the service to raise an alert. */
export interface RaiseRequest {
  type: RaisedType;
  /**
   * Distinguishes alerts of one type, such as a period or an address. Without a key, there is one alert of the type;
   * of CUSTOM, which may be about anything, one for each message.
   */
  key?: string;
  /** Left out, or one that there is not: as {@link raisedTypes} says. */
  severity?: AlertSeverity;
  message: string;
  details?: Details;
  /** After how long without being raised again it ends; null: only when it is resolved. */
  quietMs?: number | null;
  /** Message and details are totals: each repetition replaces them. The channels are not notified again. */
  totals?: boolean;
}

/** More alerts of one type than this share one key, which bounds the memory. */
const mostKeys = 1_000;
const otherKeys = "(other)";
/** An alert that stands for many keys cannot be resolved by key, so it expires after this time. */
const othersQuietMs = 15 * 60_000;

const notToBeRaised = defineFailure({
  code: "EB_ALERT_TYPE",
  status: 500,
  detail: "{type} is raised by a rule and cannot be raised or resolved by a service.",
  remedy: `Use one of ${Object.keys(raisedTypes).join(", ")}.`,
});

/** @throws Failure EB_ALERT_TYPE for what a rule watches for, and for an unknown type */
export const assertRaisable = (type: unknown): void => {
  if (!Object.hasOwn(raisedTypes, String(type))) throw notToBeRaised({ type: String(type) });
};

const declaredByRule = defineFailure({
  code: "EB_ALERT_DECLARED",
  status: 500,
  detail: "CUSTOM {key} is a declared alert and cannot be raised or resolved by a service.",
  remedy: "Use another key.",
});

/** @throws Failure EB_ALERT_DECLARED for the key of a declared alert */
export const assertNotDeclared = (
  request: Pick<RaiseRequest, "type" | "key"> & { message?: string },
  declared: ReadonlySet<string> | undefined,
): void => {
  const { type, key, message = "" } = request;
  const about = keyOf({ type, message, ...(key !== undefined && { key }) });
  if (type === AlertType.CUSTOM && declared?.has(about)) throw declaredByRule({ key: about });
};

const keyOf = ({ type, key, message }: Pick<Alert, "type" | "message"> & { key?: string }): string =>
  sanitizeKey(key || (type === AlertType.CUSTOM ? message : ""));

/** A service in plain JavaScript may pass an invalid severity; the alert is raised with the default. */
const severityOf = ({ type, severity }: RaiseRequest): AlertSeverity =>
  Object.values(AlertSeverity).find((one) => one === severity) ?? raisedTypes[type].severity;

/** Whether an alert was raised without a key. */
export const isWithoutKey = ({ type, key, message }: Alert): boolean =>
  key === "" || key === keyOf({ type, message });

/** The incidents that fire with a key; for the empty key, those that were raised without one. */
export const firingWithKey = (incidents: Incidents, type: RaisedType, key: string): Incident[] => {
  if (key === "") {
    return incidents.firing().filter(({ alert }) => alert.type === type && isWithoutKey(alert));
  }
  const incident = incidents.find(type, sanitizeKey(key));
  return incident ? [incident] : [];
};

/** The effect of a request on an incident. */
export interface Raised {
  incident: Incident;
  change: "begun" | "worsened" | "repeated";
}

/**
 * Opens an incident, or counts an occurrence of a firing one. A more severe request replaces severity, message and
 * details; one of the same severity that has additional details replaces the details.
 *
 * @throws Failure EB_ALERT_TYPE
 */
export const raiseIncident = (
  incidents: Incidents,
  request: RaiseRequest,
  now: Date,
  nowMs: number,
): Raised => {
  assertRaisable(request.type);
  const { type, message, details } = request;
  const severity = severityOf(request);
  const key = keyOf(request);
  const known = incidents.find(type, key);
  if (known?.raised) {
    const { quietMs = known.raised.quietMs } = request;
    const occurrences = Number(known.alert.details.occurrences) + 1;
    known.raised.lastMs = nowMs;
    known.alert.details.occurrences = occurrences;
    if (!isWorse(severity, known.alert.severity)) {
      // All of them or none: those of two occurrences together would be true of neither.
      const told = sanitizeDetails({ ...details, occurrences });
      if (request.totals) known.alert = { ...known.alert, message: sanitizeMessage(message), details: told };
      else if (saysMore(told, known.alert.details)) known.alert = { ...known.alert, details: told };
      return { incident: known, change: "repeated" };
    }
    known.raised.quietMs = quietMs;
    incidents.worsen(known, { severity, message, details: { ...details, occurrences } });
    return { incident: known, change: "worsened" };
  }
  if (key !== otherKeys && incidents.count(type) >= mostKeys) {
    return raiseIncident(incidents, asOther(request), now, nowMs);
  }
  const { quietMs = raisedTypes[type].quietMs } = request;
  const raised = { lastMs: nowMs, quietMs };
  const beginning = { type, key, severity, message, details: { ...details, occurrences: 1 }, raised };
  return { incident: incidents.begin(beginning, now, nowMs), change: "begun" };
};

/** Whether the new details contain all known ones and more. */
const saysMore = (told: Details, known: Details): boolean =>
  Object.keys(told).length > Object.keys(known).length &&
  Object.keys(known).every((name) => Object.hasOwn(told, name));

const asOther = (request: RaiseRequest): RaiseRequest => ({
  ...request,
  key: otherKeys,
  message: `Over ${mostKeys} alerts of this type fire. This one stands for all others, such as: ${request.message}`,
  quietMs: othersQuietMs,
});

/** Incidents whose quiet time is over, with the message of their end. */
export const expiredIncidents = (
  incidents: Incidents,
  nowMs: number,
): { incident: Incident; message: string }[] =>
  incidents.firing().flatMap((incident) => {
    const { alert, raised } = incident;
    if (raised === null || raised.quietMs === null || nowMs - raised.lastMs < raised.quietMs) return [];
    return [
      { incident, message: `Not raised again for ${formatDuration(raised.quietMs)}: ${alert.message}` },
    ];
  });
