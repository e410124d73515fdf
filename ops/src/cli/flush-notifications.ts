import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "../core/logger.ts";
import { createPool } from "../database/index.ts";
import { readEnvironment } from "./context.ts";
import { alertsOfCommand } from "./operation-alerts.ts";

/**
 * Delivers, for half a minute at most, what an earlier server has left, and notes what becomes of it. For a start
 * that fails because of the database: what waits may be that it is down, and nobody else delivers it.
 */
export const deliverLeft = async (): Promise<void> => {
  const { settings, dataDir } = await readEnvironment();
  const spoolDir = join(dataDir, "alerts", "spool");
  const files = await readdir(spoolDir).catch((): string[] => []);
  if (settings.DATABASE_URL === undefined || !files.some((name) => name.endsWith(".json"))) return;
  const log = createLogger(settings.LOG_LEVEL);
  const database = createPool(settings.DATABASE_URL, { max: 1 });
  const { close } = await alertsOfCommand({ settings, dataDir, database, log });
  await close();
  await database.end();
};
