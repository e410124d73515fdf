import type { JournalEntry } from "../release/journal.ts";

/** A change of the share of clients that the new version has, in percent. */
export interface TrafficMove {
  /** When it was complete (ISO 8601). */
  at: string;
  percent: number;
  /** The share before. */
  before: number;
}

/** The moves of traffic in a journal, oldest first. Repetitions after a crash, which change nothing, are left out. */
export const trafficMovesOf = (entries: readonly JournalEntry[]): TrafficMove[] => {
  const moves: TrafficMove[] = [];
  for (const entry of entries) {
    if (entry.type !== "outcome" || !entry.ok) continue;
    const share = /^traffic (\d+) %$/.exec(entry.act)?.[1];
    if (share === undefined) continue;
    const percent = entry.direction === "do" ? Number(share) : 0;
    const before = moves.at(-1)?.percent ?? 0;
    if (percent !== before) moves.push({ at: entry.at, percent, before });
  }
  return moves;
};
