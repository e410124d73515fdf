import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../core/failure.ts";
import { messageOf } from "../core/message-of.ts";
import { archiveOf, clusterLocation } from "../database/embedded/cluster-location.ts";
import { prepareDataDirectory } from "../database/embedded/data-directory.ts";
import { runningServer } from "../database/embedded/postmaster.ts";
import { type Account, postgresAccount } from "../database/embedded/root-account.ts";
import { backupDamaged, backupKeyWrong, diskTooFull, restoreFailed, restoreImpossible } from "./failures.ts";
import { faultOfKey } from "./manifest.ts";
import { type CopyRequest, openCopy, writeOwned } from "./open-copy.ts";
import { describeTarget } from "./physical/recover.ts";
import { fingerprintOn, openAlike } from "./rest-moment.ts";
import { freeBytes } from "./storage/folders.ts";
import { faultOfPart } from "./storage/part.ts";
import { addLaterLog } from "./wal-archive.ts";

export interface RestoreRequest extends Omit<CopyRequest, "temporary" | "onExtracted"> {
  /** A new data directory of EarlyBird, or that of the embedded server, which must be stopped. */
  readonly destination:
    | { readonly kind: "new"; readonly directory: string }
    | { readonly kind: "in place"; readonly dataDir: string };
  /** The data directory with the archive of the log, for targets after the backup. */
  readonly archiveOf: string;
}

export interface Restored {
  id: string;
  /** The data directory of PostgreSQL. */
  directory: string;
  database: string;
  target: string;
  /** Whether it was compared with the fingerprint of the backup. */
  compared: boolean;
  /** The replaced data directory; null if there was none. */
  previous: string | null;
}

/**
 * Restores a backup, replays its log, compares it, and leaves a data directory that was shut down cleanly.
 *
 * @throws Failure EB_RESTORE_REFUSED, EB_RESTORE_TARGET, EB_RESTORE_FAILED, EB_BACKUP_DAMAGED, EB_BACKUP_KEY,
 *   EB_BACKUP_BINARIES, EB_BACKUP_DISK_FULL
 */
export const restoreBackup = async (request: RestoreRequest, now: Date): Promise<Restored> => {
  const { manifest, destination } = request;
  await demandIntact(request);
  demandTarget(request);
  const account = await postgresAccount();
  const dataDir = await prepareDataDirectory(
    resolve(destination.kind === "new" ? destination.directory : destination.dataDir),
  );
  const final = await clusterLocation(dataDir, account);
  await demandPlace(request, final);
  const free = await freeBytes(dataDir);
  if (free < manifest.raw_bytes * 1.2)
    throw diskTooFull({
      directory: dataDir,
      free: `${Math.round(free / 1e6)} MB`,
      needed: `${Math.round((manifest.raw_bytes * 1.2) / 1e6)} MB`,
    });
  // Beside its place, so that a rename is enough; a failed attempt changes nothing.
  const directory = `${final}.restoring-${manifest.id}`;
  try {
    const compared = await fill(request, directory, account);
    const previous = existsSync(final) ? `${final}.before-${now.toISOString().replace(/[:.]/g, "-")}` : null;
    if (previous) await rename(final, previous);
    // Tablespaces stay where they are: the links of the cluster lead there.
    await rename(directory, final);
    return {
      id: manifest.id,
      directory: final,
      database: manifest.database,
      target: describeTarget(request.target),
      compared,
      previous,
    };
  } catch (error) {
    for (const path of [directory, `${directory}.tablespaces`])
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    if (error instanceof Failure) throw error;
    throw restoreFailed({ reason: messageOf(error) }, {}, { cause: error });
  }
};

/** @throws Failure EB_BACKUP_DAMAGED, EB_BACKUP_KEY */
export const demandIntact = async ({
  folder,
  manifest,
}: Pick<RestoreRequest, "folder" | "manifest">): Promise<void> => {
  const { id } = manifest;
  const problem = await faultOfKey(folder.directory, folder.key);
  if (problem === "changed") throw backupDamaged({ id, reason: "backup.json was changed." });
  if (problem) throw backupKeyWrong({ id, problem });
  for (const part of manifest.parts) {
    const fault = await faultOfPart(folder, part);
    if (fault) throw backupDamaged({ id, reason: `${fault}.` });
  }
};

const demandTarget = ({ manifest, target }: RestoreRequest): void => {
  if (target.kind === "backup") return;
  if (manifest.method !== "physical")
    throw restoreImpossible({
      reason: `A backup by ${manifest.method} has no log to replay.`,
      remedy: "Restore it without a target.",
    });
  if (target.kind === "time" && target.at < new Date(manifest.finished_at))
    throw restoreImpossible({
      reason: `${target.at.toISOString()} is before the end of this backup, ${manifest.finished_at}.`,
      remedy: "Choose an older backup.",
    });
};

const demandPlace = async ({ manifest, destination }: RestoreRequest, final: string): Promise<void> => {
  if (destination.kind === "new") {
    if (!existsSync(final)) return;
    throw restoreImpossible({
      reason: `${destination.directory} already has a database.`,
      remedy: "Name a new directory, or use --in-place.",
    });
  }
  if (!manifest.embedded)
    throw restoreImpossible({
      reason: "It is not of an embedded server.",
      remedy: "Restore it to a new directory with --to, and start your server on it.",
    });
  if (await runningServer(final))
    throw restoreImpossible({
      reason: "The embedded server is running.",
      remedy: "Stop the service and every command that uses its database, then try again.",
    });
};

/** Returns whether the copy was compared with a fingerprint. */
const fill = async (request: RestoreRequest, directory: string, account: Account): Promise<boolean> => {
  const { manifest, target } = request;
  const source = await clusterLocation(await prepareDataDirectory(request.archiveOf), account);
  let altered: string | undefined;
  const copy = await openCopy(
    {
      ...request,
      temporary: false,
      onExtracted: async (place) => {
        altered = await readFile(join(place, "postgresql.auto.conf"), "utf8").catch(() => undefined);
        if (target.kind === "backup") return;
        await addLaterLog(manifest, {
          directory: place,
          account,
          sources: [archiveOf(source), join(source, "pg_wal")],
        });
      },
    },
    directory,
  );
  let compared = false;
  try {
    if (target.kind === "backup" && manifest.fingerprint) {
      const client = await openAlike(copy.settings);
      const found = await fingerprintOn(client).finally(() => client.end());
      compared = true;
      if (found?.hash !== manifest.fingerprint.hash)
        throw restoreFailed({ reason: "its fingerprint differs from that of the backup." });
    }
  } finally {
    await copy.stop();
  }
  await completeConfiguration(directory, account, altered);
  return compared;
};

/** Servers of Debian have their configuration elsewhere: without it, a copy would not start. */
const completeConfiguration = async (
  directory: string,
  account: Account,
  altered: string | undefined,
): Promise<void> => {
  const files = {
    "postgresql.conf": "# Of a restored backup: the configuration was not in its data directory.\n",
    "pg_hba.conf": "local all all peer\nhost all all localhost scram-sha-256\n",
    "pg_ident.conf": "",
  };
  for (const [name, text] of Object.entries(files))
    if (!existsSync(join(directory, name))) await writeOwned(join(directory, name), text, account);
  if (altered !== undefined) await writeOwned(join(directory, "postgresql.auto.conf"), altered, account);
};
