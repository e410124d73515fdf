import { systemClock } from "../core/clock.ts";
import { defineFailure } from "../core/failure.ts";
import type { ReleaseStarter, SlotListening } from "../deployment/index.ts";
import { asFailure } from "./as-failure.ts";
import { operator, withSession } from "./context.ts";
import { number, printStatus } from "./output.ts";
import { recordSettings } from "./record-settings.ts";
import { stopSignal } from "./stop-signal.ts";

const anchorEveryMs = 3_600_000;

const nothingToServe = defineFailure({
  code: "EB_NOTHING_TO_SERVE",
  status: 500,
  exitStatus: 2,
  detail: "{name} does not define a server.",
  remedy: "Add a serve function to the service.",
});

export interface ServeOptions {
  /** Where the service listens, in a slot. */
  slot?: SlotListening;
  /** Applies no changes and loads no demo data: a release does. */
  keepsSteps?: boolean;
  /** Starts releases for the HTTP interface; without it, only the command line does. */
  starter?: (dataDir: string) => ReleaseStarter;
  /** Called with the greeting and the dates of the API versions once the service serves. */
  onReady: (greeting: string, apiVersions: readonly string[]) => void | Promise<void>;
  /** Called when a signal stops the service. */
  onStop: () => void;
}

/** Prepares the database, applies pending changes, and serves in this process until a signal stops it. */
export const serveUntilStopped = ({
  slot,
  keepsSteps = false,
  starter,
  onReady,
  onStop,
}: ServeOptions): Promise<void> =>
  withSession(
    async (session) => {
      const { service, settings, dataDir, database, manager, log } = session;
      if (!service.serve) throw nothingToServe({ name: service.name });
      const stop = stopSignal(systemClock);
      printStatus(
        database.source === "embedded" ? `Embedded PostgreSQL in ${dataDir}` : "PostgreSQL from DATABASE_URL",
      );
      if (!keepsSteps) await service.createSchema?.(database.direct, settings);
      const applied = await manager.install(operator(), keepsSteps ? { only: [] } : {});
      if (applied.length > 0) printStatus(`Applied changes ${applied.join(", ")}`);
      await recordSettings(manager, settings, log);
      if (!keepsSteps && settings.NODE_ENV !== "production" && (await service.demo?.isEmpty(database.pool))) {
        printStatus("Loading demo data");
        await service.demo?.seed(database.pool, {
          onProgress: (stage, rows) => printStatus(`  ${stage}${rows > 0 ? `: ${number(rows)}` : ""}`),
        });
      }
      const { backupsOf } = await import("./backups-of.ts");
      const { kyselyOn } = await import("./kysely-on.ts");
      const { loadReleases } = await import("../deployment/index.ts");
      const { mirrorReleases } = await loadReleases();
      const running = await service.serve({
        version: service.version,
        pool: database.pool,
        direct: database.direct,
        rollback: manager,
        backups: backupsOf(session),
        releases: { dataDir, starter: starter?.(dataDir) },
        settings,
        dataDir,
        log,
        ...(slot && { slot }),
      });
      const endMirror = mirrorReleases(dataDir, kyselyOn(database.direct), log);
      const anchoring = setInterval(() => void manager.anchorLedger(), anchorEveryMs);
      await onReady(
        running.greeting,
        (service.apiVersions ?? []).map(({ date }) => date),
      );
      await stop;
      clearInterval(anchoring);
      onStop();
      await endMirror();
      await running.close();
    },
    (settings) => settings.LOG_LEVEL,
  ).catch(async (error) => {
    const failure = await asFailure(error);
    if (failure.code.startsWith("EB_DATABASE_")) {
      const { deliverLeft } = await import("./flush-notifications.ts");
      await deliverLeft();
    }
    throw failure;
  });
