import { systemClock } from "../core/clock.ts";
import { createLogger } from "../core/logger.ts";
import { type OpenDatabase, openDatabase } from "../database/index.ts";
import {
  FrontSwitch,
  type JourneyContext,
  type JourneyResult,
  loadJourneys,
  type SmokeReport,
  type SmokeTarget,
} from "../deployment/index.ts";
import type { Service } from "../service.ts";
import { type Environment, readEnvironment } from "./context.ts";
import { usualPlaces } from "./usual-places.ts";

export interface SmokeRequest {
  slot?: "blue" | "green";
  /** Default: the running front, or else where the settings make a server listen. */
  url?: string | undefined;
  /** The time that the data is of; default: now. */
  asOf?: Date | undefined;
  onResult: (result: JourneyResult) => void;
}

/** Runs the built-in journeys and those of the service against a running version of it. */
export const smoke = async (service: Service, request: SmokeRequest): Promise<SmokeReport> => {
  const environment = await readEnvironment();
  const { builtInJourneys, requesterFor, runJourneys } = await loadJourneys();
  const requester = requesterFor(await targetOf(request, environment.dataDir), environment.dataDir);
  const database = lazyDatabase(environment);
  const now = request.asOf ?? systemClock.now();
  const own = (await service.journeys?.()) ?? [];
  const contextOf = (signal: AbortSignal): Omit<JourneyContext, "pool"> => ({
    ...environment,
    now,
    fetch: (path, init) => requester.fetch(path, init, signal),
  });
  try {
    const journeys = await runJourneys(
      [
        // They need no database: an emergency may have none.
        ...builtInJourneys.map(({ name, run }) => ({
          name,
          run: (signal: AbortSignal) => run(contextOf(signal)),
        })),
        ...own.map(({ name, run }) => ({
          name,
          run: async (signal: AbortSignal) => run({ ...contextOf(signal), pool: await database.pool() }),
        })),
      ],
      { clock: systemClock, onResult: request.onResult },
    );
    return { ok: journeys.every(({ ok }) => ok), version: service.version, journeys };
  } finally {
    await Promise.all([requester.close(), database.close()]);
  }
};

const targetOf = async ({ slot, url }: SmokeRequest, dataDir: string): Promise<SmokeTarget> => {
  if (slot) return { slot };
  if (url !== undefined) return { url };
  const front = await new FrontSwitch(dataDir, "").state().catch(() => undefined);
  return { url: front?.url ?? (await usualPlaces())[0] ?? "" };
};

/** The database, opened for the first journey that needs it. */
const lazyDatabase = ({ settings, dataDir }: Environment) => {
  let opened: Promise<OpenDatabase> | undefined;
  const open = () =>
    openDatabase({
      databaseUrl: settings.DATABASE_URL,
      directUrl: settings.DATABASE_DIRECT_URL,
      dataDir,
      log: createLogger(process.env.LOG_LEVEL || "error"),
      application: "earlybird smoke",
    });
  return {
    pool: async () => {
      opened ??= open();
      return (await opened).pool;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
};
