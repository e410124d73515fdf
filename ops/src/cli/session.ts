import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { type OpenDatabase, openDatabase } from "../database/index.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { readSettings, type Settings } from "../lib/settings.ts";
import { RollbackManager } from "../rollback/index.ts";
import type { Service } from "../service.ts";
import { loadService } from "./service-file.ts";

/** What a command works with: the service, its settings, its database. */
export interface Session {
  service: Service;
  settings: Settings;
  dataDir: string;
  log: Logger;
  database: OpenDatabase;
  manager: RollbackManager;
}

/** Who runs this command. */
export const operator = () => ({ requestedBy: userInfo().username, origin: `cli ${hostname()}` });

/** The settings, read beside the service's configuration. */
export const readSurroundings = async (): Promise<Pick<Session, "service" | "settings" | "dataDir">> => {
  const { service, root } = await loadService(process.cwd());
  const settings = readSettings(process.env, join(root, ".env"));
  return { service, settings, dataDir: resolve(root, settings.EARLYBIRD_DATA_DIR) };
};

/**
 * Opens the service's database, the one of a running server included, for as long as `work` takes.
 *
 * @param logLevel what is narrated on stderr; commands keep quiet unless LOG_LEVEL asks for more
 */
export const withSession = async <T>(
  work: (session: Session) => Promise<T>,
  // An empty value means "not set", here as everywhere.
  logLevel: (settings: Settings) => string = () => process.env.LOG_LEVEL || "warn",
): Promise<T> => {
  const { service, settings, dataDir } = await readSurroundings();
  const log = createLogger(logLevel(settings));
  const database = await openDatabase({
    ...(settings.DATABASE_URL ? { databaseUrl: settings.DATABASE_URL } : {}),
    dataDir,
    log,
  });
  try {
    const manager = new RollbackManager({ pool: database.pool, changes: service.changes, log });
    return await work({ service, settings, dataDir, log, database, manager });
  } finally {
    await database.close();
  }
};

/** The same changes on another database, for as long as `work` takes. */
export const withManagerOn = async <T>(
  url: URL,
  { service, dataDir, log }: Session,
  work: (manager: RollbackManager) => Promise<T>,
): Promise<T> => {
  const database = await openDatabase({ databaseUrl: url.href, dataDir, log });
  try {
    return await work(new RollbackManager({ pool: database.pool, changes: service.changes, log }));
  } finally {
    await database.close();
  }
};
