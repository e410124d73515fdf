import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Logger } from "../core/logger.ts";
import type { OpenDatabase } from "../database/index.ts";
import type { LedgerAnchors, RollbackManager } from "../rollback/index.ts";
import type { Service } from "../service.ts";
import type { Settings } from "../settings/settings.ts";
import { findRoot, loadService } from "./service-file.ts";

// Modules are imported on demand, so that `--help` loads quickly.

/** The settings of a command, and its data directory. */
export interface Environment {
  settings: Settings;
  dataDir: string;
}

/** The context of a command that needs the database, but not the service. */
export interface Connection extends Environment {
  log: Logger;
  database: OpenDatabase;
}

/** The context of a command that needs the service. */
export interface Session extends Connection {
  service: Service;
  manager: RollbackManager;
  anchors: LedgerAnchors;
}

/** Who runs this command. */
export const operator = () => ({ requestedBy: userInfo().username, origin: `cli ${hostname()}` });

/** The file `.env` beside the service's configuration; a version that a release starts reads that of the project. */
export const envFileOf = (root: string): string => process.env.EARLYBIRD_ENV_FILE ?? join(root, ".env");

/** The settings, read beside the service's configuration. */
export const readEnvironment = async (): Promise<Environment> => {
  const root = findRoot(process.cwd());
  const { readSettings } = await import("../settings/settings.ts");
  const settings = readSettings(process.env, envFileOf(root));
  return { settings, dataDir: resolve(root, settings.EARLYBIRD_DATA_DIR) };
};

// An empty value means "not set", here as everywhere.
const quiet = () => process.env.LOG_LEVEL || "warn";

/**
 * Opens the service's database, the one of a running server included, for as long as `work` takes.
 *
 * @param logLevel level of the log on stderr; `warn` unless LOG_LEVEL is set
 */
export const withConnection = async <T>(
  work: (connection: Connection) => Promise<T>,
  logLevel: (settings: Settings) => string = quiet,
): Promise<T> => connect(await readEnvironment(), work, logLevel);

/** Opens the database with the service and the manager of its changes. */
export const withSession = async <T>(
  work: (session: Session) => Promise<T>,
  logLevel: (settings: Settings) => string = quiet,
): Promise<T> => {
  // All at once: one is compiled while the files of another are read.
  const [service] = await Promise.all([
    loadService(findRoot(process.cwd())),
    import("../settings/settings.ts"),
    import("../core/logger.ts"),
    import("../database/index.ts"),
    import("../rollback/index.ts"),
  ]);
  const environment = await readEnvironment();
  const { LedgerAnchors, RollbackManager } = await import("../rollback/index.ts");
  const { systemClock } = await import("../core/clock.ts");
  return connect(
    environment,
    (connection) => {
      const { database, settings, dataDir, log } = connection;
      const anchors = new LedgerAnchors({
        file: settings.LEDGER_ANCHOR_FILE ?? join(dataDir, "ledger-anchors.jsonl"),
        keyFile: settings.LEDGER_ANCHOR_KEY_FILE ?? join(dataDir, "ledger-anchor-key.pem"),
        url: settings.LEDGER_ANCHOR_URL,
        database: database.name,
        log,
        clock: systemClock,
      });
      const { pool, direct } = database;
      const approval = settings.ROLLBACK_APPROVAL;
      const lastVerifiedBackup = async () =>
        (await import("./backups-of.ts")).backupsOf(connection).lastVerified();
      const { changes } = service;
      const options = { pool, direct, changes, log, anchors, approval, lastVerifiedBackup };
      const manager = new RollbackManager(options);
      return work({ ...connection, service, manager, anchors });
    },
    logLevel,
  );
};

/** A session that is opened when it is first needed, and again if that failed. */
export interface LateSession {
  /** @throws Failure EB_DATABASE_UNAVAILABLE, and what {@link withSession} throws */
  get(): Promise<Session>;
  close(): Promise<void>;
}

export const openLater = (logLevel: (settings: Settings) => string = quiet): LateSession => {
  let opened: Promise<Session> | undefined;
  let ended: Promise<void> = Promise.resolve();
  let close: () => void = () => undefined;
  const open = () =>
    new Promise<Session>((resolve, reject) => {
      ended = withSession(async (session) => {
        const closed = new Promise<void>((end) => {
          close = end;
        });
        resolve(session);
        await closed;
      }, logLevel).catch((error: unknown) => {
        opened = undefined;
        reject(error);
      });
    });
  return {
    get: () => {
      opened ??= open();
      return opened;
    },
    close: async () => {
      await opened?.catch(() => undefined);
      close();
      await ended;
    },
  };
};

/** The same changes on another database, for as long as `work` takes. */
export const withManagerOn = async <T>(
  url: URL,
  { service, dataDir, log }: Session,
  work: (manager: RollbackManager) => Promise<T>,
): Promise<T> => {
  const { openDatabase } = await import("../database/index.ts");
  const { RollbackManager } = await import("../rollback/index.ts");
  const database = await openDatabase({ databaseUrl: url.href, dataDir, log });
  try {
    const { pool, direct } = database;
    return await work(new RollbackManager({ pool, direct, changes: service.changes, log }));
  } finally {
    await database.close();
  }
};

const connect = async <T>(
  environment: Environment,
  work: (connection: Connection) => Promise<T>,
  logLevel: (settings: Settings) => string,
): Promise<T> => {
  const { settings, dataDir } = environment;
  const { createLogger } = await import("../core/logger.ts");
  const { openDatabase } = await import("../database/index.ts");
  const log = createLogger(logLevel(settings));
  const database = await openDatabase({
    databaseUrl: settings.DATABASE_URL,
    directUrl: settings.DATABASE_DIRECT_URL,
    archives: settings.BACKUP_ARCHIVE === "on",
    dataDir,
    log,
  });
  try {
    return await work({ ...environment, log, database });
  } finally {
    await database.close();
  }
};
