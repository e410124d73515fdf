import type { AlertSeverity } from "./alert.ts";
import { type RaisedType, raisedTypes } from "./alert-types.ts";
import { inWords } from "./duration.ts";
import type { Incident } from "./incident.ts";
import type { Incidents } from "./incidents.ts";
import type { Details } from "./rule.ts";
import { storableKey } from "./storable.ts";

/** What a service says is wrong. */
export interface RaiseRequest {
  type: RaisedType;
  /** What tells alerts of one type apart, as a period or an address. */
  key?: string;
  /** Left out: as {@link raisedTypes} says. */
  severity?: AlertSeverity;
  message: string;
  details?: Details;
  /** After how long without being raised again it ends; null: only when it is resolved. */
  quietMs?: number | null;
}

/** More alerts of one type than this at a time go under one key, so that nobody can fill the memory. */
const mostKeys = 1_000;
const otherKeys = "(other)";

/** Begins an incident, or counts an occurrence of one that fires already. */
export const raiseIn = (
  incidents: Incidents,
  request: RaiseRequest,
  now: Date,
  nowMs: number,
): { incident: Incident; isNew: boolean } => {
  const { type, message, details } = request;
  const key = storableKey(request.key ?? "");
  const known = incidents.find(type, key);
  if (known?.raised) {
    known.raised.lastMs = nowMs;
    known.alert.details.occurrences = Number(known.alert.details.occurrences) + 1;
    return { incident: known, isNew: false };
  }
  if (key !== otherKeys && incidents.count(type) >= mostKeys) {
    return raiseIn(incidents, { ...request, key: otherKeys }, now, nowMs);
  }
  const { severity = raisedTypes[type].severity, quietMs = raisedTypes[type].quietMs } = request;
  const raised = { lastMs: nowMs, quietMs };
  const beginning = { type, key, severity, message, details: { ...details, occurrences: 1 }, raised };
  return { incident: incidents.begin(beginning, now, nowMs), isNew: true };
};

/** What has been quiet for long enough to be over, with the words in which that is told. */
export const quietIn = (incidents: Incidents, nowMs: number): { incident: Incident; message: string }[] =>
  incidents.firing().flatMap((incident) => {
    const { alert, raised } = incident;
    if (raised === null || raised.quietMs === null || nowMs - raised.lastMs < raised.quietMs) return [];
    return [{ incident, message: `Not raised again for ${inWords(raised.quietMs)}: ${alert.message}` }];
  });
