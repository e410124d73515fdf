import { Command } from "commander";
import { systemClock } from "../../../core/clock.ts";
import { loadReleases, readRelease } from "../../../deployment/index.ts";
import { openLater, readEnvironment } from "../../context.ts";
import { kyselyOn } from "../../kysely-on.ts";

/** The process behind a release; `start`, `resume` and the console start it. */
export const conductCommand = (): Command =>
  new Command("conduct").argument("<release>").action(conduct).configureHelp({}).helpOption(false);

export const conduct = async (id: string): Promise<void> => {
  const { settings, dataDir } = await readEnvironment();
  const { createLogger } = await import("../../../core/logger.ts");
  const log = createLogger(settings.LOG_LEVEL);
  const { openWorld } = await import("./open-world.ts");
  const { conductRelease, nextEpoch, stagesOf, TickRecord } = await loadReleases();
  const { release } = await readRelease(dataDir, id);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
  const session = openLater();
  const ticks = new TickRecord(id);
  const world = await openWorld({ release, settings, dataDir, session, log, onTick: ticks.note });
  try {
    const state = await conductRelease({
      dataDir,
      release,
      ticks,
      stages: stagesOf(release, world.world, () => nextEpoch(dataDir)),
      database: async () => kyselyOn((await session.get()).database.direct) as never,
      clock: systemClock,
      log,
      signal: ending.signal,
    });
    log.info({ release: id, state }, "the conductor ends");
  } finally {
    await world.close();
    await session.close();
  }
};
