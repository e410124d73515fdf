import { randomUUID } from "node:crypto";
import { link, readdir, readFile, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { isRunning, longestSilenceMs, type Owner, readOwner, thisProcess } from "../../core/process-lease.ts";

/** The right of one process to conduct a release. */
export interface Lease {
  /** Lets another process take it at once. */
  release(): Promise<void>;
}

/** The process that holds the lease. */
export interface Held {
  heldBy: Owner;
}

const released = "released";
const nameOf = (generation: number) => `lease-${generation}`;
const generationOf = (name: string) => Number(/^lease-(\d+)$/.exec(name)?.[1] ?? 0);

/**
 * Takes the lease of a directory, or returns who has it. Each owner creates a file with the next number: of two processes
 * that find a dead owner, the file system lets one create it. The file of the last owner stays, so that numbers grow.
 */
export const takeLease = async (directory: string, clock: Clock): Promise<Lease | Held> => {
  const { generations, last, holder } = await readLast(directory, clock);
  if (holder) return { heldBy: holder };
  const path = join(directory, nameOf(last + 1));
  try {
    await createFile(path, JSON.stringify(thisProcess()));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return takeLease(directory, clock);
    throw error;
  }
  // Another process may have taken it, with a higher number, since the directory was read.
  if ((await readdir(directory)).some((name) => generationOf(name) > last + 1)) {
    await unlink(path);
    return takeLease(directory, clock);
  }
  for (const old of generations) await unlink(join(directory, nameOf(old))).catch(() => undefined);
  const renewal = setInterval(() => {
    const now = clock.now();
    utimes(path, now, now).catch(() => undefined);
  }, longestSilenceMs / 5).unref();
  return {
    release: async () => {
      clearInterval(renewal);
      await writeFile(path, released);
    },
  };
};

/**
 * Creates a file with its content at once: one that others see empty would have no owner.
 *
 * @throws EEXIST
 */
const createFile = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, path);
  } finally {
    await unlink(draft);
  }
};

/** The process that holds the lease of a directory; undefined if none does. */
export const leaseHolder = async (directory: string, clock: Clock): Promise<Owner | undefined> =>
  (await readLast(directory, clock)).holder;

const readLast = async (
  directory: string,
  clock: Clock,
): Promise<{ generations: number[]; last: number; holder: Owner | undefined }> => {
  const generations = await generationsIn(directory);
  const last = Math.max(0, ...generations);
  try {
    return { generations, last, holder: await runningOwner(directory, last, clock) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // The next owner has removed it since the directory was read.
    return readLast(directory, clock);
  }
};

const generationsIn = async (directory: string): Promise<number[]> =>
  (await readdir(directory)).map(generationOf).filter((generation) => generation > 0);

/** Undefined if the owner has released the lease or is dead. */
const runningOwner = async (
  directory: string,
  generation: number,
  clock: Clock,
): Promise<Owner | undefined> => {
  if (generation === 0) return undefined;
  const path = join(directory, nameOf(generation));
  const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
  if (text === released) return undefined;
  const silentMs = clock.now().getTime() - mtimeMs;
  const owner = readOwner(text);
  // A power loss left a file without content.
  if (!owner) return undefined;
  return isRunning(owner, thisProcess(), silentMs) ? owner : undefined;
};
