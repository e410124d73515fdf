import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { AlertManager, channelsFrom, NotificationDispatcher } from "../alerts/index.ts";
import type { Logger } from "../core/logger.ts";
import type { Environment } from "./context.ts";

const withinMs = 30_000;
const lookEveryMs = 100;

/**
 * What tells people on behalf of a command: with the channels of the settings, beside whatever server runs.
 *
 * @returns with `close`, which delivers what waits, for half a minute at most, and leaves the rest to the next process;
 *   it resolves with whether anybody was reached other than the log
 */
export const alertsOfCommand = async ({
  settings,
  dataDir,
  database,
  log,
}: Environment & { database: pg.Pool; log: Logger }) => {
  const spoolDir = join(dataDir, "alerts", "spool");
  const dispatcher = new NotificationDispatcher({ channels: channelsFrom(settings), spoolDir, log });
  const alerts = new AlertManager({ dispatcher, log, database, dataDir });
  let reached = false;
  dispatcher.onAttempt(({ channel, outcome }) => {
    if (channel !== "log" && outcome === "accepted") reached = true;
  });
  await dispatcher.start();
  const waits = () => dispatcher.channels().some(({ waiting }) => waiting > 0);
  const close = async (): Promise<boolean> => {
    await alerts.settled();
    for (let ms = 0; ms < withinMs && waits(); ms += lookEveryMs) await sleep(lookEveryMs);
    await alerts.stop();
    await dispatcher.stop();
    await alerts.close();
    return reached;
  };
  return { alerts, close };
};
