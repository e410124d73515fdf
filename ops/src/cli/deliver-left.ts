import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AlertManager, channelsFrom, NotificationDispatcher } from "../alerts/index.ts";
import { createPool } from "../database/index.ts";
import { createLogger } from "../lib/log.ts";
import { readSurroundings } from "./session.ts";

const withinMs = 30_000;
const lookEveryMs = 100;

/**
 * Delivers, for half a minute at most, what an earlier server has left, and notes what becomes of it. For a start
 * that fails because of the database: what waits may be that it is down, and nobody else delivers it.
 */
export const deliverLeft = async (): Promise<void> => {
  const { settings, dataDir } = await readSurroundings();
  const spoolDir = join(dataDir, "alerts", "spool");
  const files = await readdir(spoolDir).catch((): string[] => []);
  if (settings.DATABASE_URL === undefined || !files.some((name) => name.endsWith(".json"))) return;
  const log = createLogger(settings.LOG_LEVEL);
  const database = createPool(settings.DATABASE_URL, { max: 1 });
  const dispatcher = new NotificationDispatcher({ channels: channelsFrom(settings), spoolDir, log });
  const alerts = new AlertManager({ dispatcher, log, database, dataDir });
  await dispatcher.start();
  const waits = () => dispatcher.channels().some(({ waiting }) => waiting > 0);
  for (let ms = 0; ms < withinMs && waits(); ms += lookEveryMs) await sleep(lookEveryMs);
  await alerts.stop();
  await dispatcher.stop();
  await alerts.close();
  await database.end();
};
