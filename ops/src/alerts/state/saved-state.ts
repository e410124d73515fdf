import type { AlertRecord, Incident } from "../incident.ts";
import type { Mute } from "../mute.ts";
import type { MuteEntry } from "../mute-book.ts";
import type { Standing } from "../rule-board.ts";
import { type Owner, readOwner } from "../spool/owner.ts";
import type { LastTold } from "../telling.ts";

/** What a restart must not forget. Times are milliseconds since 1970, or ISO 8601. */
export interface SavedState {
  standings: Standing[];
  /** Those about which there is, or may be, something left to tell. */
  incidents: Incident[];
  last_told: LastTold[];
  mutes: Mute[];
  unsaved_mutes: MuteEntry[];
  /** What the database does not know yet. */
  unsaved: AlertRecord[];
}

const version = 1;

/**
 * @param owner the process whose state it is
 * @param isLeft whether that has ended its work, and will not write it again
 */
export const writeState = (state: SavedState, owner: Owner, isLeft: boolean): string =>
  JSON.stringify({ version, owner, left: isLeft, ...state });

/** Reads what {@link writeState} wrote; undefined when it is torn, or of another version. */
export const readState = (text: string): { owner: Owner; isLeft: boolean; state: SavedState } | undefined => {
  try {
    const { version: itsVersion, owner, left, ...state } = JSON.parse(text);
    const whose = readOwner(JSON.stringify(owner ?? null));
    return whose && itsVersion === version ? { owner: whose, isLeft: left === true, state } : undefined;
  } catch {
    return undefined;
  }
};
