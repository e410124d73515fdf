import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { type ArtefactEnvironment, commandOf } from "./artefact-launch.ts";
import { leaseHolder } from "./lease.ts";
import { type Release, releaseDirectory } from "./release.ts";

const lookEveryMs = 50;
const startWithinMs = 20_000;

const conductorEnded = defineFailure({
  code: "EB_CONDUCTOR_ENDED",
  status: 502,
  exitStatus: 1,
  detail: "The conductor of release {id} ended before it began.",
  remedy: 'Read {log}, correct the cause, and run "earlybird release resume".',
});

/**
 * Starts the conductor of a release in the background: the program of the new version, which knows its steps. It goes on
 * when this process ends. Resolves once it holds the release; at once if a conductor does.
 *
 * @returns whether it was started now
 * @throws Failure EB_CONDUCTOR_ENDED
 */
export const spawnConductor = async (
  release: Release,
  environment: ArtefactEnvironment,
  clock: Clock,
): Promise<boolean> => {
  const directory = releaseDirectory(environment.dataDir, release.id);
  if (await leaseHolder(directory, clock)) return false;
  const path = join(directory, "conductor.log");
  const log = openSync(path, "a", 0o600);
  const { command, args, cwd, env } = commandOf(
    release.to.artefact,
    ["release", "conduct", release.id],
    environment,
  );
  const { npm_command: _, ...inherited } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited, ...env },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let hasEnded = false;
  child.once("exit", () => {
    hasEnded = true;
  });
  child.once("error", () => {
    hasEnded = true;
  });
  child.unref();
  for (const startedMs = performance.now(); performance.now() - startedMs < startWithinMs; ) {
    if (await leaseHolder(directory, clock)) return true;
    if (hasEnded) break;
    await sleep(lookEveryMs);
  }
  // A short release may be over already: then it has let go of the lease.
  if (child.exitCode !== 0) throw conductorEnded({ id: release.id, log: path });
  return true;
};
