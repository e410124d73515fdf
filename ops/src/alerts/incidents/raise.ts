import { Failure } from "../../core/failure.ts";
import { type Alert, AlertSeverity, AlertType, isWorse } from "../model/alert.ts";
import { formatDuration } from "../model/duration.ts";
import { type RaisedType, raisedTypes } from "../model/raised-types.ts";
import type { Incident } from "../model/record.ts";
import { sanitizeDetails, sanitizeKey, sanitizeMessage } from "../model/sanitize.ts";
import type { Details } from "../rules/rule.ts";
import type { Incidents } from "./active.ts";

/** What a service says is wrong. */
export interface RaiseRequest {
  type: RaisedType;
  /**
   * What tells alerts of one type apart, as a period or an address. Left out: there is one of that type, or, of CUSTOM,
   * which may be about anything, one for each message.
   */
  key?: string;
  /** Left out, or one that there is not: as {@link raisedTypes} says. */
  severity?: AlertSeverity;
  message: string;
  details?: Details;
  /** After how long without being raised again it ends; null: only when it is resolved. */
  quietMs?: number | null;
  /** Message and details are totals: those of each repetition take the place of those before. Nobody is told again. */
  totals?: boolean;
}

/** More alerts of one type than this at a time go under one key, so that nobody can fill the memory. */
const mostKeys = 1_000;
const otherKeys = "(other)";
/** Nobody knows the keys under it, so that nobody resolves it: it ends when it has been quiet for so long. */
const othersQuietMs = 15 * 60_000;

const notToBeRaised = (type: unknown) =>
  new Failure(
    "EB_ALERT_TYPE",
    500,
    `No service raises or resolves alerts of type ${type}.`,
    `Raise ${Object.keys(raisedTypes).join(", ")}; a rule watches for each of the others.`,
  );

/** @throws Failure EB_ALERT_TYPE for what a rule watches for, and for what there is not */
export const assertRaisable = (type: unknown): void => {
  if (!Object.hasOwn(raisedTypes, String(type))) throw notToBeRaised(type);
};

const keyOf = ({ type, key, message }: Pick<Alert, "type" | "message"> & { key?: string }): string =>
  sanitizeKey(key || (type === AlertType.CUSTOM ? message : ""));

/** A service in plain JavaScript may have misspelt it: no reason to tell nobody, nor to keep what no answer can carry. */
const severityOf = ({ type, severity }: RaiseRequest): AlertSeverity =>
  Object.values(AlertSeverity).find((one) => one === severity) ?? raisedTypes[type].severity;

/** Whether an alert was raised without a key. */
export const isWithoutKey = ({ type, key, message }: Alert): boolean =>
  key === "" || key === keyOf({ type, message });

/** What fires under a key, or of all that was raised without one. */
export const firingWithKey = (incidents: Incidents, type: RaisedType, key: string): Incident[] => {
  if (key === "") {
    return incidents.firing().filter(({ alert }) => alert.type === type && isWithoutKey(alert));
  }
  const incident = incidents.find(type, sanitizeKey(key));
  return incident ? [incident] : [];
};

/** What a request made of an incident: it began, became worse, or occurred once more. */
export interface Raised {
  incident: Incident;
  change: "begun" | "worsened" | "repeated";
}

/**
 * Begins an incident, or counts an occurrence of one that fires already; what is more severe than all before
 * takes over how severe it is, its message and its details, and what only knows more about it, its details.
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

/** Whether all that is known is in what is told now, and something that is not known. */
const saysMore = (told: Details, known: Details): boolean =>
  Object.keys(told).length > Object.keys(known).length &&
  Object.keys(known).every((name) => Object.hasOwn(told, name));

const asOther = (request: RaiseRequest): RaiseRequest => ({
  ...request,
  key: otherKeys,
  message: `Over ${mostKeys} alerts of this type fire. This one stands for all others, such as: ${request.message}`,
  quietMs: othersQuietMs,
});

/** What has been quiet for long enough to be over, with the words in which that is told. */
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
