import { chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../core/failure.ts";
import { targetNotReached } from "../failures.ts";
import type { Manifest } from "../manifest.ts";
import { type CopyOptions, type CopyServer, startCopy } from "./copy-server.ts";

/** The moment up to which the log is replayed. */
export type RecoveryTarget =
  | { readonly kind: "backup" }
  | { readonly kind: "end" }
  | { readonly kind: "time"; readonly at: Date }
  | { readonly kind: "restore point"; readonly name: string };

export const describeTarget = (target: RecoveryTarget): string => {
  if (target.kind === "time") return target.at.toISOString();
  if (target.kind === "restore point") return `restore point ${target.name}`;
  return target.kind === "backup" ? "the moment of the backup" : "the end of the log";
};

export interface RecoverOptions extends Omit<CopyOptions, "settings"> {
  readonly manifest: Pick<Manifest, "wal" | "server">;
  readonly target: RecoveryTarget;
  /** For a temporary copy: nothing is forced to disk. */
  readonly temporary: boolean;
}

/**
 * Replays the log in `pg_wal` up to a target, and leaves the server running on the result, as a new timeline.
 *
 * @throws Failure EB_RESTORE_TARGET, EB_DATABASE_START
 */
export const recover = async ({
  manifest,
  target,
  temporary,
  ...options
}: RecoverOptions): Promise<CopyServer> => {
  const { directory, account } = options;
  for (const name of ["postgresql.auto.conf", "standby.signal", "postmaster.pid"])
    await rm(join(directory, name), { force: true });
  const signalFile = join(directory, "recovery.signal");
  await writeFile(signalFile, "");
  if (account.uid !== undefined && account.gid !== undefined)
    await chown(signalFile, account.uid, account.gid);
  try {
    return await startCopy({
      ...options,
      settings: {
        // All of the log is in the directory already. The command must be set, and has nothing.
        restore_command: "exit 1",
        recovery_target_action: "promote",
        ...settingsOf(target, manifest),
        max_prepared_transactions: String(manifest.server.max_prepared_transactions),
        ...(temporary && { fsync: "off", full_page_writes: "off", autovacuum: "off" }),
      },
    });
  } catch (error) {
    const isShort = error instanceof Failure && /before configured recovery target/.test(error.detail);
    throw isShort ? targetNotReached({ target: describeTarget(target) }, {}, { cause: error }) : error;
  }
};

const settingsOf = (target: RecoveryTarget, { wal }: Pick<Manifest, "wal">): Record<string, string> => {
  if (target.kind === "time") return { recovery_target_time: target.at.toISOString().replace("Z", "+00") };
  if (target.kind === "restore point") return { recovery_target_name: target.name };
  if (target.kind === "end" || wal?.target === null || !wal) return {};
  return { recovery_target_lsn: wal.target, recovery_target_inclusive: "off" };
};
