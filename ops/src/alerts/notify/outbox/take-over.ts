import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { removeFile } from "../../../core/atomic-file.ts";
import type { Logger } from "../../../core/logger.ts";
import { isRunning, type Owner, readOwner } from "../../../core/process-lease.ts";
import { type Entry, readEntry } from "./entry.ts";
import { entryName, ownerName, parseName } from "./names.ts";

/** The process that takes over, and the directory. */
export interface TakeOverContext {
  directory: string;
  log: Logger;
  /** The new owner of the entries. */
  own: string;
  here: Owner;
  now: Date;
  nextNumber(): number;
  /** Files that could not be moved: logged once, and retried. */
  reported: Set<string>;
}

/** Unreadable files are kept here for inspection. */
const asideName = "set-aside";

interface Taken {
  entry: Entry;
  number: number;
}

/**
 * Takes over the entries of dead owners by renaming them; of two processes that try, one finds the file gone. Torn
 * and foreign files are set aside and logged. A file that cannot be read or moved is retried later, and does not stop
 * the others.
 *
 * @param names the files of the directory
 */
export const takeOver = async (names: readonly string[], context: TakeOverContext): Promise<Taken[]> => {
  const found: Taken[] = [];
  const gone = await ownersGone(names, context);
  for (const name of [...names].sort()) {
    const taken = await attempt(context, name, "cannot be taken over yet", () => clear(name, gone, context));
    if (taken) found.push(taken);
  }
  return found;
};

const clear = async (
  name: string,
  gone: ReadonlySet<string>,
  context: TakeOverContext,
): Promise<Taken | undefined> => {
  const parsed = parseName(name);
  if (!parsed) {
    if (name !== asideName) await setAside(name, context, "is not a file of the outbox");
    return undefined;
  }
  if (!gone.has(parsed.owner)) return undefined;
  if (parsed.kind === "entry") return take(name, context);
  // A partial entry, which was never confirmed; or an owner file, which sorts after its entries.
  await removeFile(join(context.directory, name));
  return undefined;
};

/** Runs work on a file. A failure is logged once, unless another process took the file. */
const attempt = async <T>(
  { directory, log, reported }: TakeOverContext,
  name: string,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    const isTold = (error as NodeJS.ErrnoException).code === "ENOENT" || reported.has(name);
    if (isTold) return undefined;
    reported.add(name);
    log.error({ err: error, file: join(directory, name) }, `a file in the spool of notifications ${what}`);
    return undefined;
  }
};

const ownersGone = async (names: readonly string[], context: TakeOverContext): Promise<Set<string>> => {
  const owners = new Set(names.flatMap((name) => parseName(name)?.owner ?? []));
  owners.delete(context.own);
  const gone = new Set<string>();
  for (const owner of owners) {
    const work = () => isGone(owner, context);
    if (await attempt(context, ownerName(owner), "cannot be read", work)) gone.add(owner);
  }
  return gone;
};

const isGone = async (name: string, { directory, here, now }: TakeOverContext): Promise<boolean> => {
  const path = join(directory, ownerName(name));
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    // Torn: it is being written, or its process died during the write.
    const owner = readOwner(text) ?? { ...here, space: "unknown" };
    return !isRunning(owner, here, now.getTime() - mtimeMs);
  } catch (error) {
    // A process writes it first and removes it last.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
};

/** Reads before it renames, so an unreadable file stays for the next process. */
const take = async (name: string, context: TakeOverContext): Promise<Taken | undefined> => {
  const path = join(context.directory, name);
  const entry = readEntry(await readFile(path, "utf8"));
  if (!entry) {
    await setAside(name, context, "is torn");
    return undefined;
  }
  const number = context.nextNumber();
  await rename(path, join(context.directory, entryName(context.own, number)));
  return { entry, number };
};

const setAside = async (name: string, context: TakeOverContext, why: string): Promise<void> => {
  const { directory, log } = context;
  const aside = join(directory, asideName);
  await attempt(context, name, why, async () => {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await rename(join(directory, name), join(aside, name));
    log.error({ file: join(aside, name) }, `a file in the spool of notifications ${why}, and was set aside`);
  });
};
