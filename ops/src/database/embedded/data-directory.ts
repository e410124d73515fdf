import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { dataDirectoryUnusable } from "./failures.ts";

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
