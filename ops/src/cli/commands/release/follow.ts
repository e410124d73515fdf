import { setTimeout as sleep } from "node:timers/promises";
import {
  isOver,
  type JournalEntry,
  journalFile,
  type Release,
  type ReleaseState,
  readJournal,
  reportOf,
} from "../../../deployment/index.ts";
import { readEnvironment } from "../../context.ts";
import { bold, dim, duration, print, printStatus } from "../../output.ts";

const lookEveryMs = 200;

/** Prints what a release does until it is over or waits for a person, and sets the exit status. */
export const followToTheEnd = async (release: Release, json: boolean | undefined): Promise<void> => {
  const { dataDir } = await readEnvironment();
  const show = json ? (entry: JournalEntry) => print(JSON.stringify(entry)) : printEntry;
  const { state, isRefused } = await follow(dataDir, release, show);
  if (state !== "completed") process.exitCode = state === "reverted" && !isRefused ? 1 : 4;
};

/**
 * Shows each entry of the journal until the release is over or waits for a person.
 *
 * @param from the state that it is in, if it is over already and goes on
 */
export const follow = async (
  dataDir: string,
  release: Release,
  show: (entry: JournalEntry) => void,
  from?: ReleaseState,
): Promise<{ state: ReleaseState; isRefused: boolean }> => {
  for (let shown = 0; ; await sleep(lookEveryMs)) {
    const entries = await readJournal(journalFile(dataDir, release.id));
    for (const entry of entries.slice(shown)) show(entry);
    shown = entries.length;
    const { state, acts } = reportOf(release, entries);
    const last = entries.at(-1);
    const waits = last?.type === "state" && last.state === "held" && !last.outage;
    if (state !== from && (isOver(state) || state === "stuck" || waits))
      return { state, isRefused: acts.every(({ act }) => act === "preflight") };
  }
};

export const printEntry = (entry: JournalEntry): void => {
  const time = dim(entry.at.slice(11, 19));
  if (entry.type === "state")
    printStatus(`${time} ${bold(entry.state)}${entry.reason ? `: ${entry.reason}` : ""}`);
  else if (entry.type === "command") printStatus(`${time} ${entry.command} by ${entry.by}: ${entry.reason}`);
  else if (entry.type === "outcome")
    printStatus(
      `${time}   ${entry.direction === "undo" ? "take back " : ""}${entry.act}: ${entry.ok ? "" : "failed: "}${entry.evidence} ${dim(duration(entry.duration_ms))}`,
    );
};
