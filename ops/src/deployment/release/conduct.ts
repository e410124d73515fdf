import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Logger } from "../../core/logger.ts";
import type { Database } from "../../rollback/index.ts";
import { Conductor } from "./conductor.ts";
import { newCommands } from "./inbox.ts";
import { Journal } from "./journal.ts";
import { takeLease } from "./lease.ts";
import { ReleaseMirror } from "./mirror.ts";
import { journalFile, type Release, releaseDirectory } from "./release.ts";
import { isOutage } from "./release-steps.ts";
import type { Stage } from "./stage.ts";
import { isAllowed, type ReleaseState } from "./state.ts";
import type { TickRecord } from "./tick-record.ts";

const mirrorEveryMs = 5_000;
/** At the end, the copy in the database is waited for so long. */
const lastCopyMs = 3_000;

const conducted = defineFailure({
  code: "EB_RELEASE_CONDUCTED",
  status: 409,
  exitStatus: 5,
  detail: "Process {pid} conducts release {id}.",
  remedy: '"earlybird release watch" follows it.',
});

export interface ConductRequest {
  dataDir: string;
  release: Release;
  /** The stages of the release, with the world that they move. */
  stages: readonly Stage[];
  ticks: TickRecord;
  /** Resolves with the database, once it can be reached. */
  database: () => Promise<Database>;
  clock: Clock;
  log: Logger;
  /** Ends the conductor after the act that it is doing; another one can go on. */
  signal: AbortSignal;
}

/**
 * Conducts a release from where its journal ends, until it is completed, reverted or stuck. The journal is copied to the
 * database while that can be reached.
 *
 * @throws Failure EB_RELEASE_CONDUCTED, EB_RELEASE_JOURNAL_DAMAGED
 */
export const conductRelease = async (request: ConductRequest): Promise<ReleaseState> => {
  for (;;) {
    const { state, taken } = await conductOnce(request);
    // Its sender saw the lease of this conductor, and started no other one.
    const late = await newCommands(releaseDirectory(request.dataDir, request.release.id), taken);
    const isReverted = late.some(({ command }) => command === "revert" && isAllowed(command, state));
    if (!isReverted || request.signal.aborted) return state;
  }
};

const conductOnce = async (
  request: ConductRequest,
): Promise<{ state: ReleaseState; taken: ReadonlySet<string> }> => {
  const { dataDir, release, stages, ticks, database, clock, log, signal } = request;
  const directory = releaseDirectory(dataDir, release.id);
  const lease = await takeLease(directory, clock);
  if ("heldBy" in lease) throw conducted({ pid: lease.heldBy.pid, id: release.id });
  const journal = await Journal.open(journalFile(dataDir, release.id));
  let mirror: ReleaseMirror | undefined;
  const copy = async () => {
    const db = await database();
    mirror ??= new ReleaseMirror({ db, release, log });
    if (await mirror.copy(journal.entries)) await ticks.copy(db);
  };
  const copying = setInterval(() => void copy().catch(() => undefined), mirrorEveryMs);
  try {
    await copy().catch((err: unknown) => log.warn({ err }, "the release is on disk alone for now"));
    const conductor = new Conductor({ directory, journal, stages, clock, isOutage });
    const state = await conductor.run(signal);
    return { state, taken: new Set(conductor.progress.commands.map(({ id }) => id)) };
  } finally {
    clearInterval(copying);
    await Promise.race([copy().catch(() => undefined), sleep(lastCopyMs, undefined, { ref: false })]);
    await journal.close();
    await lease.release();
  }
};
