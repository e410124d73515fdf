import { chown, mkdir } from "node:fs/promises";
import { archiveOf } from "./cluster-location.ts";
import type { Account } from "./root-account.ts";

/** A segment is archived once it is full, or after this time. */
const longestLossSeconds = 60;

/** Prepares the archive of a cluster's log, and returns the settings that fill it. */
export const archiveSettings = async (
  cluster: string,
  { uid, gid }: Account,
): Promise<Record<string, string>> => {
  const directory = archiveOf(cluster);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid);
  return {
    archive_mode: "on",
    archive_timeout: String(longestLossSeconds),
    archive_command: archiveCommand(directory),
  };
};

/**
 * Copies a segment under a temporary name first. After a crash, PostgreSQL may ask for the same one again: that succeeds
 * if it is equal, and never replaces another one.
 */
const archiveCommand = (directory: string): string => {
  // PostgreSQL reads % as the start of a placeholder.
  const quoted = (name: string) =>
    `'${`${directory.replaceAll("%", "%%")}/`.replaceAll("'", `'\\''`)}${name}'`;
  const [final, draft] = [quoted("%f"), quoted(".%f")];
  return `cmp -s "%p" ${final} || (test ! -e ${final} && cp "%p" ${draft} && mv ${draft} ${final})`;
};
