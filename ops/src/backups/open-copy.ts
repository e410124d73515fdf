import { existsSync } from "node:fs";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { Binaries } from "../database/embedded/binaries.ts";
import {
  builtinLocale,
  superuser as embeddedSuperuser,
  initCluster,
} from "../database/embedded/init-cluster.ts";
import { type Account, postgresAccount } from "../database/embedded/root-account.ts";
import { dumpPrograms, serverBinaries } from "./binaries.ts";
import { runCommand } from "./external/command.ts";
import { restoreDump } from "./external/dump.ts";
import { backupDamaged, noServerBinaries, restoreCommandMissing } from "./failures.ts";
import type { Manifest } from "./manifest.ts";
import { type CopyServer, startCopy } from "./physical/copy-server.ts";
import { extractBackup } from "./physical/extract.ts";
import { type RecoveryTarget, recover } from "./physical/recover.ts";
import type { PartFolder } from "./storage/part.ts";

const firstWithBuiltinLocale = 17;

/** What is needed to bring a backup back to life. */
export interface CopyRequest {
  readonly folder: PartFolder;
  readonly manifest: Manifest;
  readonly target: RecoveryTarget;
  /** For a temporary copy: nothing is forced to disk. */
  readonly temporary: boolean;
  readonly binDirectory: string | undefined;
  readonly restoreCommand: string | undefined;
  readonly databaseUrl: string;
  readonly onBytes?: (bytes: number) => void;
  /** Called once the files are there, before the server starts. */
  readonly onExtracted?: (directory: string) => Promise<void>;
}

/** A server with the restored database. */
export interface Copy {
  /** For a superuser. */
  readonly settings: pg.ClientConfig;
  /** What was compared before the server started. */
  readonly evidence: string;
  stop(): Promise<void>;
}

/**
 * Restores a backup into a new data directory, and starts a server on it.
 *
 * @param directory the data directory; its parent exists, and the account of PostgreSQL can write to it
 * @throws Failure EB_BACKUP_BINARIES, EB_RESTORE_COMMAND, EB_BACKUP_DAMAGED, EB_RESTORE_TARGET, EB_DATABASE_START
 */
export const openCopy = async (request: CopyRequest, directory: string): Promise<Copy> => {
  const { manifest } = request;
  const account = await postgresAccount();
  const binaries = () => requireBinaries(manifest.server.major, account, request.binDirectory);
  if (manifest.method === "command") return openCommandCopy(request, { directory, account, binaries });
  return manifest.method === "dump"
    ? openDump(request, { directory, account, binaries: await binaries() })
    : openPhysical(request, { directory, account, binaries: await binaries() });
};

const requireBinaries = async (
  major: number,
  account: Account,
  binDirectory: string | undefined,
): Promise<Binaries> => {
  const found = await serverBinaries(major, account, binDirectory);
  if (!found) throw noServerBinaries({ major });
  return found;
};

interface Place {
  directory: string;
  account: Account;
  binaries: Binaries;
}

const openPhysical = async (request: CopyRequest, place: Place): Promise<Copy> => {
  const { manifest, target, temporary } = request;
  const { files, faults } = await extractBackup({ ...request, ...place });
  if (faults.length > 0)
    throw backupDamaged({ id: manifest.id, reason: faults.slice(0, 5).join("; ") }, { faults });
  await request.onExtracted?.(place.directory);
  const server = await recover({ ...place, manifest, target, temporary });
  const { superuser } = manifest.server;
  return copyOn(server, {
    settings: server.settingsFor(manifest.database, superuser),
    evidence: `${files} files have their size and SHA-256, and the log is complete`,
  });
};

const openDump = async (request: CopyRequest, { directory, account, binaries }: Place): Promise<Copy> => {
  const { manifest, folder, temporary } = request;
  const { major } = manifest.server;
  const programs = await dumpPrograms(major, request.binDirectory);
  if (!programs) throw noServerBinaries({ major });
  const flags = major >= firstWithBuiltinLocale ? builtinLocale : [];
  await initCluster(binaries, {
    directory,
    account,
    flags: temporary ? [...flags, "--no-sync"] : flags,
  });
  const server = await startCopy({
    binaries,
    account,
    directory,
    settings: temporary ? { fsync: "off", full_page_writes: "off", autovacuum: "off" } : {},
  });
  try {
    const superuser = embeddedSuperuser;
    await restoreDump(server, folder, { manifest, pgRestore: programs.pgRestore, superuser });
    return copyOn(server, {
      settings: server.settingsFor(manifest.database, superuser),
      evidence: "pg_restore reported no error",
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const openCommandCopy = async (
  request: CopyRequest,
  { directory, account, binaries }: Omit<Place, "binaries"> & { binaries: () => Promise<Binaries> },
): Promise<Copy> => {
  const { manifest, restoreCommand, folder, databaseUrl } = request;
  if (restoreCommand === undefined) throw restoreCommandMissing();
  await mkdir(directory, { mode: 0o700 });
  const { url } = await runCommand(restoreCommand, {
    action: "restore",
    id: manifest.id,
    directory: folder.directory,
    database_url: databaseUrl,
    to_directory: directory,
  });
  if (url !== undefined)
    return {
      settings: { connectionString: url },
      evidence: "the command succeeded",
      stop: async () => undefined,
    };
  if (!existsSync(join(directory, "PG_VERSION")))
    throw new Error("RESTORE_COMMAND made no data directory, and printed no url");
  const server = await startCopy({ binaries: await binaries(), account, directory });
  return copyOn(server, {
    settings: server.settingsFor(manifest.database, manifest.server.superuser),
    evidence: "the command made a data directory",
  });
};

const copyOn = (server: CopyServer, copy: Pick<Copy, "settings" | "evidence">): Copy => ({
  ...copy,
  stop: () => server.stop(),
});

/** Writes a file that belongs to the account of PostgreSQL. */
export const writeOwned = async (path: string, text: string, { uid, gid }: Account): Promise<void> => {
  await writeFile(path, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
};
