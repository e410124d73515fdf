import { z } from "zod";
import { type Owner, ownerSchema } from "../../../core/process-lease.ts";
import type { AcknowledgementEntry } from "../../incidents/acknowledgement.ts";
import type { LastEnded } from "../../incidents/active.ts";
import type { SavedSilences } from "../../incidents/silences.ts";
import type { AlertRecord, Incident } from "../../model/record.ts";
import type { LastNotified } from "../../notify/notifier.ts";
import type { RuleStatus } from "../../rules/rule-engine.ts";

/** The state that survives a restart. Times are milliseconds since 1970, or ISO 8601. */
export interface SavedState extends SavedSilences {
  standings: RuleStatus[];
  /** Incidents with a notification that is, or may be, still to be sent. */
  incidents: Incident[];
  last_told: LastNotified[];
  last_ended: LastEnded[];
  unsaved_acknowledgements: AcknowledgementEntry[];
  /** Records that are not in the database yet. */
  unsaved: AlertRecord[];
}

const version = 1;

/**
 * @param owner the process whose state it is
 * @param isLeft whether that has ended its work, and will not write it again
 */
export const writeState = (state: SavedState, owner: Owner, isLeft: boolean): string =>
  JSON.stringify({ version, owner, left: isLeft, ...state });

const objects = z.array(z.looseObject({}));
const times = z.array(z.tuple([z.string(), z.looseObject({ atMs: z.number() })]));
const alert = z.looseObject({ id: z.string(), details: z.looseObject({}) });

/** As loose as going on allows: it may have been written by an older or a newer version. */
const schema = z.looseObject({
  version: z.literal(version),
  owner: ownerSchema,
  left: z.boolean().default(false),
  standings: z.array(z.looseObject({ state: z.looseObject({}) })),
  incidents: z.array(
    z.looseObject({ alert, telling: z.looseObject({}), firedMs: z.number(), decisions: objects }),
  ),
  last_told: times,
  last_ended: times.default([]),
  mutes: objects,
  unsaved_mutes: objects,
  windows: objects.default([]),
  unsaved_windows: objects.default([]),
  unsaved_acknowledgements: objects.default([]),
  unsaved: z.array(z.looseObject({ alert })),
});

/** Reads what {@link writeState} wrote; undefined when it is torn, something else, or of another version. */
export const readState = (text: string): { owner: Owner; isLeft: boolean; state: SavedState } | undefined => {
  try {
    const { version: _, owner, left, ...state } = schema.parse(JSON.parse(text));
    return { owner, isLeft: left, state: state as unknown as SavedState };
  } catch {
    return undefined;
  }
};
