import type { Logger } from "../../core/logger.ts";
import type { Database } from "../../rollback/index.ts";
import { readJournal } from "./journal.ts";
import { ReleaseMirror } from "./mirror.ts";
import { journalFile, listReleases } from "./release.ts";

const everyMs = 60_000;

/**
 * Copies the journals of all releases to the database, now and each minute: what happened while it was away reaches the
 * tables and the ledger, also if the conductor has ended since.
 *
 * @returns ends it
 */
export const mirrorReleases = (
  dataDir: string,
  db: Database,
  log: Pick<Logger, "warn">,
): (() => Promise<void>) => {
  /** By release, how many entries are in the database. */
  const copied = new Map<string, number>();
  const copyAll = async () => {
    for (const release of await listReleases(dataDir)) {
      const entries = await readJournal(journalFile(dataDir, release.id));
      if (copied.get(release.id) === entries.length) continue;
      if (await new ReleaseMirror({ db, release, log }).copy(entries)) copied.set(release.id, entries.length);
    }
  };
  let turn = Promise.resolve();
  const look = () => {
    turn = turn.then(() =>
      copyAll().catch((err: unknown) =>
        log.warn({ err }, "the releases could not be copied to the database"),
      ),
    );
  };
  look();
  const timer = setInterval(look, everyMs);
  return async () => {
    clearInterval(timer);
    await turn;
  };
};
