import type { JournalEntry } from "./journal.ts";
import { type ForwardState, forwardStates, type ReleaseState } from "./state.ts";

export type CommandEntry = Extract<JournalEntry, { type: "command" }>;

/** How far an act has come. `undoing` and `undone` follow the others: what was begun has to be undone, too. */
export type ActState = "begun" | "done" | "undoing" | "undone";

/** What a journal says about its release. */
export interface Progress {
  state: ReleaseState;
  /** The forward state that the release was in last: the one that a held release goes on from. */
  stage: ForwardState;
  /** Why the release is in this state; null if it simply went on. */
  reason: string | null;
  /** The release is held until something outside is back. */
  outage: boolean;
  /** A person has held the release, not its gate or an outage. */
  heldByPerson: boolean;
  /** In the order in which they began. */
  acts: ReadonlyMap<string, ActState>;
  /** The commands that were taken up. */
  commands: readonly CommandEntry[];
  /** Since when the release is in this state. */
  since: Date | null;
}

/** The progress after the entries of a journal. */
export const replay = (entries: readonly JournalEntry[]): Progress => {
  let state: ReleaseState = "planned";
  let stage: ForwardState = "planned";
  let reason: string | null = null;
  let outage = false;
  let since: Date | null = null;
  let heldByPerson = false;
  const acts = new Map<string, ActState>();
  const commands: CommandEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    if (entry.type === "state") {
      state = entry.state;
      const before = entries[at - 1];
      heldByPerson = state === "held" && before?.type === "command" && before.command === "hold";
      if (isForward(entry.state)) stage = entry.state;
      ({ reason, outage } = entry);
      since = new Date(entry.at);
    } else if (entry.type === "command") commands.push(entry);
    else if (entry.type === "intent") acts.set(entry.act, entry.direction === "do" ? "begun" : "undoing");
    else if (entry.ok) acts.set(entry.act, entry.direction === "do" ? "done" : "undone");
  }
  return { state, stage, reason, outage, heldByPerson, acts, commands, since };
};

const isForward = (state: ReleaseState): state is ForwardState =>
  (forwardStates as readonly string[]).includes(state);
