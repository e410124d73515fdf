import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { sendCommand } from "./inbox.ts";
import { leaseHolder } from "./lease.ts";
import { listReleases, readRelease, releaseDirectory } from "./release.ts";
import { type CommandName, isAllowed } from "./state.ts";

const notNow = defineFailure({
  code: "EB_RELEASE_STATE",
  status: 409,
  exitStatus: 4,
  detail: "Release {id} is {state}: it cannot take the command {command}.",
  remedy: '"earlybird release status" shows what it does.',
});

const newerRelease = defineFailure({
  code: "EB_RELEASE_NEWER",
  status: 409,
  exitStatus: 4,
  detail: "Release {newer} came after release {id}, and is {state}.",
  remedy: 'Revert that one first: "earlybird release revert {newer}".',
});

const reasonMissing = defineFailure({
  code: "EB_REASON_MISSING",
  status: 422,
  exitStatus: 6,
  detail: "The command {command} needs a reason.",
  remedy: "Add --reason TEXT, or the field reason.",
});

export interface CommandRequest {
  /** The newest release if undefined. */
  id: string | undefined;
  command: CommandName;
  by: string;
  reason: string | undefined;
}

/**
 * Leaves a command for a release. `conducted` is false if no conductor runs: the next one obeys it.
 *
 * @throws Failure EB_RELEASE_UNKNOWN, EB_RELEASE_STATE, EB_REASON_MISSING
 */
export const commandRelease = async (
  dataDir: string,
  { id, command, by, reason }: CommandRequest,
  clock: Clock,
): Promise<{ release: string; command: CommandName; conducted: boolean }> => {
  const { release, progress } = await readRelease(dataDir, id);
  if (!isAllowed(command, progress.state)) throw notNow({ id: release.id, state: progress.state, command });
  if (command === "revert") await refuseBelowAnother(dataDir, release.id);
  if (!reason && command !== "ack") throw reasonMissing({ command });
  const directory = releaseDirectory(dataDir, release.id);
  await sendCommand(directory, { command, by, reason: reason ?? "" }, clock.now());
  const conducted = (await leaseHolder(directory, clock)) !== undefined;
  return { release: release.id, command, conducted };
};

/** What came later stands on what came before. */
const refuseBelowAnother = async (dataDir: string, id: string): Promise<void> => {
  for (const { id: newer } of await listReleases(dataDir)) {
    if (newer === id) return;
    const { state, since } = (await readRelease(dataDir, newer)).progress;
    if (state !== "reverted" && since !== null) throw newerRelease({ newer, id, state });
  }
};
