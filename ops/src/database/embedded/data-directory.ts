import { type FileHandle, mkdir, open, realpath, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { dataDirectoryUnusable } from "./failures.ts";

const largestLogBytes = 10_000_000;

/** Makes a data directory where it is absent, and answers with its absolute path without symbolic links. */
export const prepareDataDirectory = async (dataDir: string): Promise<string> => {
  try {
    await mkdir(dataDir, { recursive: true });
    const place = await realpath(dataDir);
    await mkdir(keeperDirectoryOf(place), { recursive: true, mode: 0o700 });
    return place;
  } catch (cause) {
    throw dataDirectoryUnusable(dataDir, cause);
  }
};

/** Where the keeper of the server is found. */
export const keeperDirectoryOf = (dataDir: string): string => join(dataDir, "keeper");

/** PostgreSQL's own log, and what the keeper has to say. */
export const logFileOf = (dataDir: string): string => join(dataDir, "postgres.log");

/** Opens the log for appending. One that has grown large is set aside as `postgres.log.old`. */
export const openLog = async (dataDir: string): Promise<FileHandle> => {
  const file = logFileOf(dataDir);
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > largestLogBytes) await rename(file, `${file}.old`);
  return open(file, "a", 0o600);
};
