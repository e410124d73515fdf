import type { JournalEntry } from "../release/journal.ts";
import type { Release } from "../release/release.ts";

export const milestoneKinds = ["started", "switched", "reverted", "completed"] as const;

/** A point in the life of a release that explains what a chart shows. */
export interface Milestone {
  kind: (typeof milestoneKinds)[number];
  release: string;
  /** When it was reached, or when the revert began (ISO 8601). */
  at: string;
  /** When the revert, or the whole release, was over; null while it lasts. */
  ended_at: string | null;
  from: string;
  to: string;
  /** The person who did it; null if the release did it by itself. */
  by: string | null;
  reason: string | null;
  /** Whether a revert is stuck. */
  is_stuck: boolean;
}

type StateEntry = Extract<JournalEntry, { type: "state" }>;

/** The milestones of a release, oldest first. */
export const milestonesOf = (release: Release, entries: readonly JournalEntry[]): Milestone[] => {
  const states = entries.filter((entry): entry is StateEntry => entry.type === "state");
  const first = (state: StateEntry["state"]) => states.find((entry) => entry.state === state);
  const last = states.at(-1);
  const isOver = last?.state === "completed" || last?.state === "reverted";
  const common = {
    release: release.id,
    from: release.from.artefact.version,
    to: release.to.artefact.version,
    by: null,
    reason: null,
    is_stuck: false,
  };
  const [begun] = states;
  const [switched, reverting, completed] = [first("switched"), first("reverting"), first("completed")];
  const found: (Milestone | undefined)[] = [
    begun && {
      ...common,
      kind: "started",
      at: begun.at,
      ended_at: isOver ? last.at : null,
      by: release.requested_by,
      reason: release.reason,
    },
    switched && { ...common, kind: "switched", at: switched.at, ended_at: switched.at },
    completed && { ...common, kind: "completed", at: completed.at, ended_at: completed.at },
    reverting && {
      ...common,
      kind: "reverted",
      at: reverting.at,
      ended_at: last?.state === "reverted" ? last.at : null,
      by: personBehind(reverting, entries),
      reason: reverting.reason,
      is_stuck: last?.state === "stuck",
    },
  ];
  return found
    .filter((milestone) => milestone !== undefined)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
};

/** The person whose command made the release enter a state; null if no command did. */
export const personBehind = (state: StateEntry, entries: readonly JournalEntry[]): string | null => {
  // The conductor writes a command down immediately before the state that follows from it.
  const before = entries[entries.indexOf(state) - 1];
  return before?.type === "command" && state.reason === `${before.by}: ${before.reason}` ? before.by : null;
};
