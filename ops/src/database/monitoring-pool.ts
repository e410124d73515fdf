import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import pg from "pg";
import { kyselyReading } from "./bound-kysely.ts";
import { connectionSettings } from "./connection-settings.ts";
import { typeParsers } from "./type-parsers.ts";

const connections = 2;
const connectTimeoutMs = 3_000;
const queryTimeoutMs = 5_000;
const closeTimeoutMs = 1_000;

const bind = kyselyReading(typeParsers);

/**
 * Creates a small pool for monitoring, which must neither wait for the service's pool nor occupy its connections. It
 * connects on first use, so the database may be down.
 *
 * @param servicePool only its settings are used, never its connections
 */
export const createMonitoringPool = (servicePool: pg.Pool): pg.Pool => {
  const pool = new pg.Pool({
    ...connectionSettings(servicePool),
    max: connections,
    min: 0,
    application_name: "earlybird monitoring",
    connectionTimeoutMillis: connectTimeoutMs,
    // Kept: once the server has no connection left, it could not open one to see why.
    idleTimeoutMillis: 0,
    query_timeout: queryTimeoutMs,
    allowExitOnIdle: true,
  });
  // An error of an idle connection would otherwise end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
};

/** Closes the pool. Waits at most a second for connections that do not end, as those to a frozen server. */
export const closeMonitoringPool = async (pool: pg.Pool): Promise<void> => {
  await Promise.race([pool.end(), sleep(closeTimeoutMs, undefined, { ref: false })]);
};

/**
 * Calls `work` with a connection of the pool that uses {@link typeParsers}. After an error the connection is discarded: its
 * server may be gone, and the next user would wait for it.
 */
export const onConnection = async <T>(
  pool: pg.Pool,
  work: (db: Kysely<unknown>) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  try {
    const result = await work(bind(client));
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
};
