import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRestorePoint } from "../../../backups/index.ts";
import { systemClock } from "../../../core/clock.ts";
import { createLogger } from "../../../core/logger.ts";
import { withTimeout } from "../../../core/with-timeout.ts";
import { createPool } from "../../../database/index.ts";
import {
  type EmergencyReport,
  FrontSwitch,
  type Launch,
  loadJourneys,
  loadReleases,
  type Release,
} from "../../../deployment/index.ts";
import type { Settings } from "../../../settings/settings.ts";
import { type LateSession, openLater } from "../../context.ts";
import { alertsOfCommand } from "../../operation-alerts.ts";
import { trafficOf } from "./traffic-of.ts";

const databaseWithinMs = 5_000;
const frontWithinMs = 30_000;
const lookEveryMs = 100;

interface Place {
  settings: Settings;
  dataDir: string;
  envFile: string;
}

/** Takes the newest release back, from the command line or over HTTP. */
export const emergency = async (
  place: Place,
  request: { by: string; reason: string; onPart?: (entry: EmergencyReport["timeline"][number]) => void },
): Promise<EmergencyReport> => {
  const { settings, dataDir, envFile } = place;
  const { commandOf, environmentOf, runEmergency } = await loadReleases();
  const environment = { dataDir, envFile };
  const session = openLater(() => "silent");
  try {
    return await runEmergency({
      ...request,
      environment,
      clock: systemClock,
      traffic: ({ id }) => trafficOf(settings, { dataDir, release: id, log: createLogger("silent") }),
      startFront: async ({ from }) => {
        await startFrontOf(commandOf(from.artefact, ["start"], environment), dataDir);
        return `a front was started with version ${from.artefact.version}`;
      },
      restorePoint: async ({ id }) => {
        const { database } = await withTimeout(databaseWithinMs, session.get());
        const name = `emergency-${id}`;
        return `${name} at ${await createRestorePoint(database.direct, name)}`;
      },
      smoke: async ({ from: { artefact, slot } }) => {
        const { runSmoke } = await loadJourneys();
        return runSmoke(artefact, { slot }, { ...process.env, ...environmentOf(environment) });
      },
      alert: (release, report) => tell(place, session, release, report),
    });
  } finally {
    await session.close();
  }
};

/** In the background, as a service manager would. */
const startFrontOf = async ({ command, args, cwd, env }: Launch, dataDir: string): Promise<void> => {
  const path = join(dataDir, "slots", "front.log");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const log = await open(path, "a", 0o600);
  // Under npx, the front would end with this command.
  const { npm_command: _, ...inherited } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited, ...env },
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  await log.close();
  child.unref();
  for (const startedMs = performance.now(); performance.now() - startedMs < frontWithinMs; ) {
    const state = await new FrontSwitch(dataDir, "").state().catch(() => undefined);
    if (state) return;
    if (child.exitCode !== null) break;
    await sleep(lookEveryMs);
  }
  throw new Error(`the front did not start; ${path} says why`);
};

/** Tells people with the channels of the settings, also without the database. */
const tell = async (
  { settings, dataDir }: Place,
  session: LateSession,
  { id, to, from }: Release,
  { by, reason, outcome }: Pick<EmergencyReport, "by" | "reason" | "outcome">,
): Promise<string> => {
  const log = createLogger("silent");
  const opened = await withTimeout(databaseWithinMs, session.get()).catch(() => undefined);
  const database = opened?.database.pool ?? createPool(settings.DATABASE_URL ?? nowhere, { max: 1 });
  const { alerts, close } = await alertsOfCommand({ settings, dataDir, database, log });
  const key = `emergency ${id}`;
  alerts.raise({
    type: "CUSTOM",
    key,
    severity: outcome === "verified" ? "warning" : "critical",
    message: `Emergency by ${by}: release ${id} (${to.artefact.version}) is taken back to ${from.artefact.version}; ${said[outcome]}. Reason: ${reason}`,
  });
  if (outcome === "verified") alerts.resolve("CUSTOM", key);
  const reached = await close();
  if (!opened) await database.end();
  return reached ? "people were notified" : "the alert is in the log alone";
};

/** Without an address there is an embedded server, and a manager of alerts needs a pool: this one is never reached. */
const nowhere = "postgres://localhost:1/none";

const said = {
  verified: "the old version is verified",
  unverified: "the smoke suite of the old version fails",
  goes_on: "it goes on in the background",
} as const;
