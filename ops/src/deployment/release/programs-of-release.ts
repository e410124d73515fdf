import type { Launch } from "../slots/index.ts";
import type { Slot } from "../traffic/index.ts";
import { launchOf } from "./artefact-launch.ts";
import { listReleases, type Release, readRelease } from "./release.ts";
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
 * The programs that a start uses. A release that is open decides them. After completed ones, a start in the directory of
 * a version that they replaced starts the newest one, so that a machine that boots does not go back. Another directory is a
 * new version.
 */
export const programsOfRelease = async (dataDir: string, envFile: string): Promise<ReleasePrograms> => {
  const environment = { dataDir, envFile };
  const completed: Release[] = [];
  for (const release of await listReleases(dataDir)) {
    const { id, from, to } = release;
    const { state, since } = (await readRelease(dataDir, id)).progress;
    if (!isOver(state) && since !== null)
      return {
        isOpen: true,
        note: `Release ${id} is ${state} and continues`,
        launchFor: (slot) => launchOf(slot === to.slot ? to.artefact : from.artefact, environment),
      };
    if (state === "completed") completed.push(release);
  }
  const newest = completed[0]?.to.artefact;
  const isReplaced = (directory: string) =>
    directory !== newest?.directory && completed.some(({ from }) => from.artefact.directory === directory);
  return {
    isOpen: false,
    note: undefined,
    launchFor: (_slot, requested) =>
      newest && isReplaced(requested.cwd) ? launchOf(newest, environment) : requested,
  };
};
