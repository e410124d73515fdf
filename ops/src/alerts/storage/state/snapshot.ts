import type { Acknowledgements } from "../../incidents/acknowledgements.ts";
import type { Incidents } from "../../incidents/active.ts";
import type { Records } from "../../incidents/records.ts";
import type { Silences } from "../../incidents/silences.ts";
import { AlertType } from "../../model/alert.ts";
import { sanitizeDetails } from "../../model/sanitize.ts";
import type { Notifier } from "../../notify/notifier.ts";
import type { RuleEngine } from "../../rules/rule-engine.ts";
import type { SavedState } from "./saved-state.ts";

/** The objects whose state survives a restart. */
export interface SnapshotSources {
  engine: RuleEngine;
  incidents: Incidents;
  silences: Silences;
  acknowledgements: Acknowledgements;
  records: Records;
  notifier: Notifier;
}

/** @param isShared whether there is a database that is to know all records */
export const takeSnapshot = (
  { engine, incidents, silences, acknowledgements, records, notifier }: SnapshotSources,
  { now, isShared }: { now: Date; isShared: boolean },
): SavedState => {
  const open = incidents.open();
  const isOpen = new Set<unknown>(open);
  const unsaved = isShared ? records.unsaved().filter((record) => !isOpen.has(record)) : [];
  return {
    standings: engine.standings(),
    incidents: open,
    last_told: notifier.lastNotified(),
    last_ended: incidents.lastEnded(),
    ...silences.saved(now),
    unsaved_acknowledgements: acknowledgements.unsaved(),
    unsaved: unsaved.map(({ alert, instance, decisions, attempts }) => ({
      alert,
      instance,
      decisions,
      attempts,
    })),
  };
};

/** The state without that of rules which the service no longer declares; all of it if `declared` is undefined. */
export const withoutUndeclared = (
  state: SavedState,
  declared: ReadonlySet<string> | undefined,
): SavedState => ({
  ...state,
  standings: state.standings.filter(
    ({ type, key }) => declared === undefined || type !== AlertType.CUSTOM || declared.has(key),
  ),
});

/** Restores the state of another process. The state of this one has priority. */
export const restoreSnapshot = (
  { engine, incidents, silences, acknowledgements, records, notifier }: SnapshotSources,
  state: SavedState,
): void => {
  const isKnown = ({ type, key }: { type: AlertType; key: string }) =>
    incidents.find(type, key) !== undefined;
  // An older version accepted any details, and no acknowledgement.
  for (const { alert } of [...state.incidents, ...state.unsaved]) {
    alert.details = sanitizeDetails(alert.details);
    alert.acknowledged ??= null;
  }
  for (const standing of state.standings.filter((one) => !isKnown(one))) engine.adopt(standing);
  for (const incident of state.incidents) if (incidents.adopt(incident)) records.add(incident);
  for (const record of state.unsaved) records.add(record);
  silences.adopt(state);
  acknowledgements.adopt(state.unsaved_acknowledgements);
  incidents.adoptEnded(state.last_ended);
  notifier.adopt(state.last_told);
  notifier.schedule();
};
