import { setTimeout as sleep } from "node:timers/promises";
import {
  isOver,
  type JournalEntry,
  journalFile,
  loadReleases,
  type Release,
  type ReleaseState,
  readJournal,
  reportOf,
} from "../../../deployment/index.ts";
import { readEnvironment } from "../../context.ts";
import { bold, dim, duration, print, printStatus, red, yellow } from "../../output.ts";

const lookEveryMs = 200;
/** Acts that had nothing to take back. */
const shortestShownMs = 1;

const exitStatus = { reverted: 1, waits: 4, noGo: 4, unknown: 6 };

/** Prints what to do about each check that refuses the release. Resolves with the exit status of the preflight alone. */
const explainRefusal = async (
  dataDir: string,
  { id }: Release,
  json: boolean | undefined,
): Promise<number> => {
  const { readPreflight, releaseDirectory } = await loadReleases();
  const report = await readPreflight(releaseDirectory(dataDir, id));
  const refused = report?.checks.filter(({ verdict, waived }) => verdict !== "go" && waived === null) ?? [];
  if (!json)
    for (const { number, name, verdict, remedy } of refused)
      printStatus(
        `${verdict === "no_go" ? red("NO-GO  ") : yellow("UNKNOWN")} ${number} ${name}: ${remedy ?? ""}`,
      );
  return report?.verdict === "unknown" ? exitStatus.unknown : exitStatus.noGo;
};

/** Prints what a release does until it is over or waits for a person, and sets the exit status. */
export const followToTheEnd = async (release: Release, json: boolean | undefined): Promise<void> => {
  const { dataDir } = await readEnvironment();
  const show = json ? (entry: JournalEntry) => print(JSON.stringify(entry)) : entryPrinter();
  const { state, isRefused } = await follow(dataDir, release, show);
  if (state === "completed") return;
  const refusal = isRefused ? await explainRefusal(dataDir, release, json) : undefined;
  process.exitCode = refusal ?? (state === "reverted" ? exitStatus.reverted : exitStatus.waits);
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

/** Prints entries for people. A reason that was just printed is not repeated. */
export const entryPrinter = (): ((entry: JournalEntry) => void) => {
  let lastReason: string | null = null;
  const once = (reason: string | null): string => {
    const isNew = reason !== null && reason !== lastReason && !lastReason?.startsWith(reason);
    if (reason !== null) lastReason = reason;
    return isNew ? `: ${reason}` : "";
  };
  return (entry) => {
    const time = dim(entry.at.slice(11, 19));
    if (entry.type === "state") printStatus(`${time} ${bold(entry.state)}${once(entry.reason)}`);
    else if (entry.type === "command")
      printStatus(`${time} ${entry.command} by ${entry.by}: ${entry.reason}`);
    else if (entry.type === "outcome") {
      const { act, direction, ok, evidence, duration_ms } = entry;
      // The conductor gives the same reason for what it does next.
      if (!ok) lastReason = `${act}: ${evidence}`;
      const way = direction === "undo" ? "take back " : "";
      if (direction === "undo" && duration_ms < shortestShownMs) return;
      printStatus(
        `${time}   ${way}${act}: ${ok ? "" : red("failed: ")}${evidence} ${dim(duration(duration_ms))}`,
      );
    }
  };
};
