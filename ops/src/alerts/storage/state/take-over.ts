import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../../../core/logger.ts";
import { isRunning, type Owner } from "../../../core/process-lease.ts";
import { readState, type SavedState } from "./saved-state.ts";

/** A state that was taken over, and its file, which is removed when the state is saved. */
export interface LeftState {
  path: string;
  state: SavedState;
}

export interface TakeOver {
  directory: string;
  /** The name of the own file. */
  ownName: string;
  here: Owner;
  log: Logger;
  nowMs: number;
  /** Files that could not be taken over: logged once, and retried. */
  reported: Set<string>;
}

/** A process that takes a file over saves its content within this time, or is dead. */
const takenWithinMs = 60_000;

const taken = /\.taken-[\w-]+$/;
const stateName = /^state-[\w-]+\.json$/;
const asideName = "set-aside";

/**
 * Takes over the files that were left, those of dead processes, and those of an earlier manager of this process. Each
 * file is renamed first; of two processes that try, one finds it gone. Torn files are set aside. A file that cannot
 * be read or moved is retried later, and does not stop the others.
 */
export const takeOver = (from: TakeOver): LeftState[] => {
  const names = readdirSync(from.directory).filter((name) => stateName.test(name.replace(taken, "")));
  return names.filter((name) => name !== from.ownName).flatMap((name) => take(name, from));
};

const take = (name: string, from: TakeOver): LeftState[] => {
  const { directory, ownName, here, log, nowMs, reported } = from;
  const path = join(directory, name);
  try {
    const { mtimeMs, ctimeMs } = statSync(path);
    if (taken.test(name) && nowMs - ctimeMs < takenWithinMs) return [];
    const read = readState(readFileSync(path, "utf8"));
    if (!read) {
      setAside(name, directory, log);
      return [];
    }
    const isOurs = isDeepStrictEqual(read.owner, here);
    if (!read.isLeft && !isOurs && isRunning(read.owner, here, nowMs - mtimeMs)) return [];
    const ours = `${path.replace(taken, "")}.taken-${ownName.replace(/\W/g, "-")}`;
    renameSync(path, ours);
    return [{ path: ours, state: read.state }];
  } catch (error) {
    // Another process was quicker.
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isGone && !reported.has(name)) {
      reported.add(name);
      log.error({ err: error, file: path }, "a saved state of alerts cannot be taken over yet");
    }
    return [];
  }
};

const setAside = (name: string, directory: string, log: Logger): void => {
  const aside = join(directory, asideName);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  renameSync(join(directory, name), join(aside, name));
  log.error({ file: join(aside, name) }, "a saved state of alerts cannot be read, and was set aside");
};
