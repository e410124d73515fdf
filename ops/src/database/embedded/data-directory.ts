import { access, constants, type FileHandle, mkdir, open, realpath, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../core/message-of.ts";
import { dataDirectoryUnusable } from "./failures.ts";

const largestLogBytes = 10_000_000;

/** Creates a data directory if it is missing. Returns its absolute path without symbolic links. */
export const prepareDataDirectory = async (dataDir: string): Promise<string> => {
  try {
    await mkdir(dataDir, { recursive: true });
    const path = await realpath(dataDir);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  } catch (cause) {
    throw dataDirectoryUnusable({ dataDir, reason: messageOf(cause) }, {}, { cause });
  }
};

/** The log of PostgreSQL. */
export const logFileOf = (dataDir: string): string => join(dataDir, "postgres.log");

/** Opens a log to append to it and to read it. A large log is renamed to `postgres.log.old` first. */
export const openLog = async (file: string): Promise<FileHandle> => {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > largestLogBytes) await rename(file, `${file}.old`);
  return open(file, "a+", 0o600);
};
