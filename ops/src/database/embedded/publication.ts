import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

/** Where the keeper of a data directory can be reached, and how many there were before it. */
export interface Publication {
  readonly generation: number;
  /** A Unix socket or a named pipe. */
  readonly address: string;
}

const suffix = ".keeper";

/** The latest publication in a directory; its keeper may have ended since. */
export const latestPublication = async (directory: string): Promise<Publication | undefined> => {
  for (;;) {
    const generation = Math.max(0, ...(await generations(directory)));
    if (generation === 0) return undefined;
    const address = await readFile(fileOf(directory, generation), "utf8").catch(() => undefined);
    // Gone since it was listed: a later one has taken its place.
    if (address !== undefined) return { generation, address };
  }
};

/**
 * Makes `address`, which must accept connections already, the place where the one keeper of this directory
 * is found.
 *
 * Whoever creates the file of the next generation wins, and only the file system decides who that is. The
 * file of the highest generation is never removed, so generations only grow and two can never both hold.
 * Whether a keeper lives is asked of its socket, which the system closes however it dies; process numbers
 * would be given to others.
 *
 * @param after the latest generation when a keeper was found to be needed, 0 for none: one that starts so slowly that
 *   another has come since, and perhaps gone, is not needed any more
 * @returns false when a live keeper is published there, or there has been one since
 */
export const publish = async (directory: string, address: string, after: number): Promise<boolean> => {
  const draft = join(directory, `${randomUUID()}.draft`);
  await writeFile(draft, address, { mode: 0o600 });
  try {
    const latest = await latestPublication(directory);
    if (latest && (latest.generation > after || (await answers(latest.address)))) return false;
    const mine = after + 1;
    if (!(await claim(draft, fileOf(directory, mine)))) return false;
    // Somebody may have passed us between reading and claiming, and removed the file that we just made.
    const all = await generations(directory);
    const overtaken = all.some((generation) => generation > mine);
    await Promise.all(
      all
        .filter((generation) => (overtaken ? generation === mine : generation < mine))
        .map((generation) => rm(fileOf(directory, generation), { force: true })),
    );
    return !overtaken;
  } finally {
    await rm(draft, { force: true });
  }
};

/** A hard link is made whole or not at all, and only if nobody else made it. */
const claim = async (draft: string, file: string): Promise<boolean> => {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
};

/** Nobody listens, or the socket is no more. Anything else, such as a full queue, is no proof of death. */
const gone = new Set<string | undefined>(["ECONNREFUSED", "ENOENT", "ENOTSOCK"]);

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(!gone.has(error.code)));
  });

const fileOf = (directory: string, generation: number): string => join(directory, `${generation}${suffix}`);

const generations = async (directory: string): Promise<number[]> =>
  (await readdir(directory))
    .filter((name) => name.endsWith(suffix))
    .map((name) => Number(name.slice(0, -suffix.length)))
    .filter(Number.isInteger);
