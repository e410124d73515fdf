import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { Failure } from "../core/failure.ts";
import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import { startEmbeddedServer } from "./embedded/start.ts";
import { databaseRefused, databaseTooOld, databaseUnavailable } from "./failures.ts";
import { isDatabaseUnavailable, isLoginRefused } from "./is-unavailable.ts";
import { createPool } from "./pool.ts";

const oldestVersion = 14;
const databaseName = "earlybird";
const poolEndsWithinMs = 3_000;

export interface DatabaseOptions {
  /** Address of a PostgreSQL 14 or newer. If undefined, an embedded server is started or joined. */
  readonly databaseUrl?: string | undefined;
  /** Address of the same database without a pooler, if `databaseUrl` points to a pooler. */
  readonly directUrl?: string | undefined;
  /** Data directory of the embedded server; created if missing. */
  readonly dataDir: string;
  readonly log: Logger;
  /** Whether the embedded server archives its log. */
  readonly archives?: boolean;
  /** `application_name` of the connections. */
  readonly application?: string;
}

/** A database that has answered a query. */
export interface OpenDatabase {
  /** Contains the password; do not log it. */
  readonly url: string;
  /** The database for display: host, port and name, or `embedded`, whose port may change. */
  readonly name: string;
  readonly pool: pg.Pool;
  /** The same as `pool` unless `directUrl` is set. */
  readonly direct: pg.Pool;
  readonly source: "configured" | "embedded";
  /** Whether the embedded server was already running. */
  readonly joined: boolean;
  /** Closes the connections. The last user of the embedded server also stops it and waits until it has stopped. */
  close(): Promise<void>;
}

/**
 * Connects to the configured database, or else starts or joins the embedded PostgreSQL 18.
 *
 * @throws Failure EB_DATABASE_UNAVAILABLE; EB_DATABASE_REFUSED or EB_DATABASE_VERSION about a configured one;
 *   EB_DATABASE_ACCOUNT, EB_DATABASE_DIRECTORY, EB_DATABASE_PLATFORM or EB_DATABASE_START about the embedded
 */
export const openDatabase = async (options: DatabaseOptions): Promise<OpenDatabase> =>
  options.databaseUrl === undefined ? openEmbedded(options) : openConfigured(options, options.databaseUrl);

const openConfigured = async (options: DatabaseOptions, url: string): Promise<OpenDatabase> => {
  const pool = await openPool(options, url);
  const { directUrl } = options;
  if (directUrl === undefined) {
    return {
      url,
      name: describe(url),
      pool,
      direct: pool,
      source: "configured",
      joined: false,
      close: () => endPool(pool),
    };
  }
  try {
    const direct = await openPool(options, directUrl);
    const close = async () => {
      await Promise.all([endPool(direct), endPool(pool)]);
    };
    return { url, name: describe(directUrl), pool, direct, source: "configured", joined: false, close };
  } catch (error) {
    await pool.end();
    throw error;
  }
};

/** A pool whose database has answered and is recent enough. */
const openPool = async (options: DatabaseOptions, url: string): Promise<pg.Pool> => {
  const pool = poolOf(options, url);
  const where = describe(url);
  try {
    const { rows } = await pool.query<{ version: string; number: number }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
    );
    const [server] = rows;
    if (server && server.number < oldestVersion * 10_000) {
      throw databaseTooOld({ where, version: server.version, required: oldestVersion });
    }
  } catch (error) {
    await pool.end();
    if (error instanceof Failure) throw error;
    const absent = isDatabaseUnavailable(error) && !isLoginRefused(error);
    throw absent
      ? databaseUnavailable({ where, cause: messageOf(error) })
      : databaseRefused({ where, cause: messageOf(error) });
  }
  options.log.info({ database: where }, "connected to the configured database");
  return pool;
};

const openEmbedded = async (options: DatabaseOptions): Promise<OpenDatabase> => {
  const { dataDir, log, archives = false } = options;
  const server = await startEmbeddedServer(dataDir, log, { archives });
  try {
    await server.ensureDatabase(databaseName);
  } catch (error) {
    await server.release();
    throw error;
  }
  const url = server.urlOf(databaseName);
  const pool = poolOf(options, url);
  log.info(
    { database: describe(url), data_dir: dataDir },
    server.joined ? "joined the embedded database" : "started the embedded database",
  );
  const close = async () => {
    await endPool(pool);
    await server.release();
  };
  return { url, name: "embedded", pool, direct: pool, source: "embedded", joined: server.joined, close };
};

const poolOf = ({ application = "earlybird" }: DatabaseOptions, url: string): pg.Pool =>
  createPool(url, { application_name: application });

/** A connection that is never released must not keep the process alive. */
const endPool = (pool: pg.Pool): Promise<void> =>
  Promise.race([pool.end(), sleep(poolEndsWithinMs, undefined, { ref: false })]);

/** Host, port and database of an address, without credentials. */
const describe = (url: string): string => {
  // The error for an invalid URL would contain the whole URL.
  if (!URL.canParse(url)) return "the configured address";
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${hostname || searchParams.get("host") || "localhost"}:${port || "5432"}${pathname}`;
};
