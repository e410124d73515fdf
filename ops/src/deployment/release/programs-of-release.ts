import { relative } from "node:path";
import type { Launch } from "../slots/index.ts";
import type { Slot } from "../traffic/index.ts";
import { launchOf } from "./artefact-launch.ts";
import { listReleases, readRelease } from "./release.ts";
import { isOver } from "./state.ts";

/** What the newest release says about the programs of the slots. */
export interface ReleasePrograms {
  /** Whether a release has begun and is not over: the slots keep their programs while the front stops. */
  isOpen: boolean;
  /** A sentence for people; undefined if there is nothing to say. */
  note: string | undefined;
  /** The program to start in a slot. */
  launchFor(slot: Slot, requested: Launch): Launch;
}

/**
 * The programs that a start uses. A release that is open decides them. After a completed one, a start in the directory of
 * the old version starts the new one, so that a machine that boots does not go back; another directory is a new version.
 */
export const programsOfRelease = async (dataDir: string, envFile: string): Promise<ReleasePrograms> => {
  const [newest] = await listReleases(dataDir);
  const none: ReleasePrograms = {
    isOpen: false,
    note: undefined,
    launchFor: (_slot, requested) => requested,
  };
  if (!newest) return none;
  const { progress } = await readRelease(dataDir, newest.id);
  const environment = { dataDir, envFile };
  const { from, to, id } = newest;
  const isOpen = !isOver(progress.state) && progress.since !== null;
  if (isOpen)
    return {
      isOpen,
      note: `Release ${id} is ${progress.state}: "earlybird release resume" goes on with it`,
      launchFor: (slot) => launchOf(slot === to.slot ? to.artefact : from.artefact, environment),
    };
  if (progress.state !== "completed") return none;
  const isOld = (directory: string) => relative(from.artefact.directory, directory) === "";
  return {
    isOpen,
    note: undefined,
    launchFor: (_slot, requested) => (isOld(requested.cwd) ? launchOf(to.artefact, environment) : requested),
  };
};
