import { join } from "node:path";
import type pg from "pg";
import { postgresAccount } from "../database/embedded/root-account.ts";
import { diskTooFull } from "./failures.ts";
import { type CopyRequest, openCopy } from "./open-copy.ts";
import { demandIntact } from "./restore.ts";
import { freeBytes } from "./storage/folders.ts";
import { inWorkDirectory } from "./storage/work-directory.ts";

/** A restored backup in a temporary server, which nobody else can reach. */
export interface TemporaryCopy {
  /** For a superuser, unless RESTORE_COMMAND made the server. */
  readonly settings: pg.ClientConfig;
  /** The time that the data is of. */
  readonly at: Date;
  /** A directory for further temporary files, removed with the copy. */
  readonly directory: string;
}

export interface CopyOptions extends Omit<CopyRequest, "target" | "temporary" | "onExtracted"> {
  /** The directory of the backups. */
  readonly root: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Restores a backup into a temporary server for as long as `work` takes; server and files are then removed.
 *
 * @throws Failure EB_BACKUP_DAMAGED, EB_BACKUP_KEY, EB_BACKUP_BINARIES, EB_RESTORE_COMMAND, EB_BACKUP_DISK_FULL; what
 *   `work` throws; the reason of `signal`
 */
export const withTemporaryCopy = async <T>(
  { root, signal, ...request }: CopyOptions,
  work: (copy: TemporaryCopy) => Promise<T>,
): Promise<T> => {
  const { manifest } = request;
  signal?.throwIfAborted();
  await demandIntact(request);
  const account = await postgresAccount();
  return inWorkDirectory(root, account, async (directory) => {
    const free = await freeBytes(directory);
    // Twice: a copy of the copy is made for a version that is tried on it.
    const needed = manifest.raw_bytes * 2.2;
    if (free < needed) throw diskTooFull({ directory, free: inMegabytes(free), needed: inMegabytes(needed) });
    const copy = await openCopy(
      { ...request, target: { kind: "backup" }, temporary: true },
      join(directory, "copy"),
    );
    try {
      signal?.throwIfAborted();
      return await work({ settings: copy.settings, at: new Date(manifest.finished_at), directory });
    } finally {
      await copy.stop();
    }
  });
};

const inMegabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
