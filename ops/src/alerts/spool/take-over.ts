import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../lib/log.ts";
import { removeFile } from "./durable.ts";
import { type Entry, readEntry } from "./entry.ts";
import { entryName, ownerName, parseName } from "./names.ts";
import { isRunning, type Owner, readOwner } from "./owner.ts";

/** Who takes over, and where. */
export interface Claim {
  directory: string;
  log: Logger;
  /** The owner whose the entries become. */
  own: string;
  here: Owner;
  now: Date;
  nextNumber(): number;
  /** What was found to be in the way and could not be moved: to be told once. */
  immovable: Set<string>;
}

/** What cannot be read is kept here for people to look at. */
const asideName = "set-aside";

/**
 * Takes over the entries of all owners that are not running any more, by renaming each: where two processes
 * try, one of them finds it gone. What is torn or none of ours is set aside and told.
 *
 * @param names the files of the directory
 */
export const takeOver = async (
  names: readonly string[],
  claim: Claim,
): Promise<{ entry: Entry; number: number }[]> => {
  const found: { entry: Entry; number: number }[] = [];
  const gone = await ownersGone(names, claim);
  for (const name of [...names].sort()) {
    const parsed = parseName(name);
    if (!parsed) {
      if (name !== asideName) await setAside(name, claim, "is none of ours");
      continue;
    }
    if (!gone.has(parsed.owner)) continue;
    // Whoever was to hear that it is on disk never did.
    if (parsed.kind === "temporary") await removeFile(join(claim.directory, name));
    if (parsed.kind !== "entry") continue;
    const number = claim.nextNumber();
    const entry = await take(name, entryName(claim.own, number), claim);
    if (entry) found.push({ entry, number });
  }
  for (const owner of gone) await removeFile(join(claim.directory, ownerName(owner)));
  return found;
};

const ownersGone = async (names: readonly string[], claim: Claim): Promise<Set<string>> => {
  const owners = new Set(names.flatMap((name) => parseName(name)?.owner ?? []));
  owners.delete(claim.own);
  const gone = new Set<string>();
  for (const owner of owners) if (await isGone(owner, claim)) gone.add(owner);
  return gone;
};

const isGone = async (name: string, { directory, here, now }: Claim): Promise<boolean> => {
  const path = join(directory, ownerName(name));
  const [text, signedMs] = await Promise.all([
    readFile(path, "utf8").catch(() => ""),
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : now.getTime()),
    ),
  ]);
  // It is the first that a process writes and the last that it removes.
  if (signedMs === undefined) return true;
  // Torn: it is about to be written, or its process died at just that.
  const owner = readOwner(text) ?? { ...here, space: "unknown" };
  return !isRunning(owner, here, now.getTime() - signedMs);
};

const take = async (name: string, ours: string, claim: Claim): Promise<Entry | undefined> => {
  const path = join(claim.directory, ours);
  try {
    await rename(join(claim.directory, name), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const entry = readEntry(await readFile(path, "utf8").catch(() => ""));
  if (!entry) await setAside(ours, claim, "is torn");
  return entry;
};

const setAside = async (name: string, claim: Claim, why: string): Promise<void> => {
  const { directory, log, immovable } = claim;
  if (immovable.has(name)) return;
  const aside = join(directory, asideName);
  try {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await rename(join(directory, name), join(aside, name));
    log.error({ file: join(aside, name) }, `a file in the spool of notifications ${why}, and was set aside`);
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    immovable.add(name);
    log.error({ err: error, file: join(directory, name) }, `a file in the spool of notifications ${why}`);
  }
};
