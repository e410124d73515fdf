import { systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { signal } from "../slots/index.ts";
import type { ArtefactEnvironment } from "./artefact-launch.ts";
import { leaseHolder } from "./lease.ts";
import { listReleases, readRelease, releaseDirectory } from "./release.ts";
import { spawnConductor } from "./spawn-conductor.ts";
import { isOver } from "./state.ts";

const lookEveryMs = 10_000;

/**
 * Starts the conductor of an open release again, after a restart of the machine or a crash: triggers must not stop for
 * three days because one process did. One that is stuck waits for a person.
 *
 * @returns ends it
 */
export const attendRelease = (
  environment: ArtefactEnvironment,
  log: Pick<Logger, "warn" | "error">,
): (() => Promise<void>) => {
  let turn = Promise.resolve();
  const look = () => {
    turn = turn.then(() =>
      startMissing(environment, log).catch((err: unknown) =>
        log.error({ err }, "the conductor of the release cannot be started"),
      ),
    );
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  return async () => {
    clearInterval(timer);
    await turn;
  };
};

/** Lets the conductor of the newest release end after its act, because the service is stopped; the next start continues it. */
export const dismissConductor = async (dataDir: string): Promise<void> => {
  const [newest] = await listReleases(dataDir);
  const holder = newest && (await leaseHolder(releaseDirectory(dataDir, newest.id), systemClock));
  if (holder) signal(holder, "SIGTERM");
};

const startMissing = async (environment: ArtefactEnvironment, log: Pick<Logger, "warn">): Promise<void> => {
  const [newest] = await listReleases(environment.dataDir);
  if (!newest) return;
  const { progress } = await readRelease(environment.dataDir, newest.id);
  const { state, since } = progress;
  if (since === null || isOver(state) || state === "stuck") return;
  if (await spawnConductor(newest, environment, systemClock))
    log.warn({ release: newest.id, state }, "the release had no conductor; another one continues it");
};
