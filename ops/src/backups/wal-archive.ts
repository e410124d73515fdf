import { chown, copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { archiveOf, clusterLocation } from "../database/embedded/cluster-location.ts";
import { type Account, postgresAccount } from "../database/embedded/root-account.ts";
import type { Manifest } from "./manifest.ts";
import { parseLsn, segmentName } from "./physical/lsn.ts";

const segmentPattern = /^[0-9A-F]{24}$/;
const historyPattern = /^[0-9A-F]{8}\.history$/;

/**
 * Adds the log that came after a backup to a restored data directory: what the archive has, and what only the server
 * itself has yet.
 *
 * @param sources directories with segments; the first one that has a segment wins
 */
export const addLaterLog = async (
  manifest: Manifest,
  { directory, account, sources }: { directory: string; account: Account; sources: readonly string[] },
): Promise<number> => {
  const { wal } = manifest;
  if (!wal) return 0;
  // Of any timeline: positions go on where a timeline begins.
  const first = segmentName(wal.timeline, parseLsn(wal.start), wal.segment_bytes).slice(8);
  const added = new Set<string>();
  for (const source of sources) {
    for (const name of await readdir(source).catch(() => [] as string[])) {
      const isWanted = historyPattern.test(name) || (segmentPattern.test(name) && name.slice(8) >= first);
      if (!isWanted || added.has(name)) continue;
      const to = join(directory, "pg_wal", name);
      await copyFile(join(source, name), to);
      if (account.uid !== undefined && account.gid !== undefined) await chown(to, account.uid, account.gid);
      added.add(name);
    }
  }
  return added.size;
};

/** Removes the archived segments of an embedded server that no backup needs any more. */
export const pruneArchive = async (dataDir: string, manifests: readonly Manifest[]): Promise<number> => {
  const needed = manifests
    .flatMap(({ wal }) => (wal ? [segmentName(0, parseLsn(wal.start), wal.segment_bytes).slice(8)] : []))
    .sort()[0];
  if (needed === undefined) return 0;
  const archive = archiveOf(await clusterLocation(dataDir, await postgresAccount()));
  const old = (await readdir(archive).catch(() => [] as string[])).filter(
    (name) => segmentPattern.test(name) && name.slice(8) < needed,
  );
  for (const name of old) await rm(join(archive, name), { force: true });
  return old.length;
};

/**
 * Marks the present moment in the log, so that a restore can end there, and has the log up to it archived.
 *
 * @param name at most 63 characters
 * @returns the position of the mark
 */
export const createRestorePoint = async (pool: pg.Pool, name: string): Promise<string> => {
  const { rows } = await pool.query<{ lsn: string }>("select pg_create_restore_point($1) as lsn", [name]);
  await pool.query("select pg_switch_wal()");
  return rows[0]?.lsn ?? "";
};
