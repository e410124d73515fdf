import type { Incidents } from "../../incidents/active.ts";
import type { Records } from "../../incidents/records.ts";
import type { MuteBook } from "../../incidents/silences.ts";
import type { AlertType } from "../../model/alert.ts";
import { storableDetails } from "../../model/sanitize.ts";
import type { Telling } from "../../notify/notifier.ts";
import type { RuleBoard } from "../../rules/rule-engine.ts";
import type { SavedState } from "./saved-state.ts";

/** What has a state that a restart must not forget. */
export interface Parts {
  board: RuleBoard;
  incidents: Incidents;
  mutes: MuteBook;
  records: Records;
  telling: Telling;
}

/** @param isShared whether there is a database that is to know all records */
export const collectState = (
  { board, incidents, mutes, records, telling }: Parts,
  { now, isShared }: { now: Date; isShared: boolean },
): SavedState => {
  const open = incidents.open();
  const isOpen = new Set<unknown>(open);
  const unsaved = isShared ? records.unsaved().filter((record) => !isOpen.has(record)) : [];
  return {
    standings: board.standings(),
    incidents: open,
    last_told: telling.lastTold(),
    last_ended: incidents.lastEnded(),
    mutes: mutes.all(now),
    unsaved_mutes: mutes.unsaved(),
    unsaved: unsaved.map(({ alert, instance, decisions, attempts }) => ({
      alert,
      instance,
      decisions,
      attempts,
    })),
  };
};

/** Goes on where another process has stopped; where both know something, this one knows it better. */
export const adoptState = ({ board, incidents, mutes, records, telling }: Parts, state: SavedState): void => {
  const isKnown = ({ type, key }: { type: AlertType; key: string }) =>
    incidents.find(type, key) !== undefined;
  // They may have been written by an older version, which took any.
  for (const { alert } of [...state.incidents, ...state.unsaved]) {
    alert.details = storableDetails(alert.details);
  }
  for (const standing of state.standings.filter((one) => !isKnown(one))) board.adopt(standing);
  for (const incident of state.incidents) if (incidents.adopt(incident)) records.add(incident);
  for (const record of state.unsaved) records.add(record);
  mutes.adopt({ mutes: state.mutes, unsaved: state.unsaved_mutes });
  incidents.adoptEnded(state.last_ended);
  telling.adopt(state.last_told);
  telling.schedule();
};
