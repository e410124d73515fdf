import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import pg from "pg";
import { kyselyReading } from "./bound-kysely.ts";
import { connectionSettings } from "./connection-settings.ts";
import { typeParsers } from "./type-parsers.ts";

const connections = 2;
const connectWithinMs = 3_000;
const answerWithinMs = 5_000;
const closeWithinMs = 1_000;

const bind = kyselyReading(typeParsers);

/**
 * A small pool for those who watch the service: they must neither wait in the service's own queue nor keep its
 * connections. It connects when it is first used, so it can be made while the database is away.
 *
 * @param servicePool only its settings are used, never one of its connections
 */
export const createMonitoringPool = (servicePool: pg.Pool): pg.Pool => {
  const pool = new pg.Pool({
    ...connectionSettings(servicePool),
    max: connections,
    min: 0,
    application_name: "earlybird monitoring",
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody asks it anything would otherwise end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
};

/** Closes such a pool; after a second without the connections that do not end, as those to a frozen server. */
export const closeMonitoringPool = async (pool: pg.Pool): Promise<void> => {
  await Promise.race([pool.end(), sleep(closeWithinMs, undefined, { ref: false })]);
};

/**
 * Lends a connection of the pool to `work`, and reads what it answers by parsers of our own, whoever made the pool.
 * After an error it is thrown away: it may lead to a server that is gone, and would make the next borrower wait for it.
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
