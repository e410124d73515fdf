import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

const bound = new WeakMap<pg.ClientBase, Kysely<unknown>>();

/**
 * A connection that is lost while somebody holds it says so by an event, which would end the process if
 * nobody listened. Its holder learns of it from the next query.
 */
const leaveItToTheNextQuery = () => undefined;

/**
 * A Kysely whose every query runs on this one connection, so that it sees the connection's transaction.
 * Kept as long as the connection: binding costs nothing from the second time on.
 */
export const kyselyOn = <Tables>(client: pg.ClientBase): Kysely<Tables> => {
  let db = bound.get(client);
  if (!db) {
    const borrowed = { query: client.query.bind(client), release: () => undefined };
    const pool = { connect: async () => borrowed, end: async () => undefined };
    db = new Kysely({ dialect: new PostgresDialect({ pool: pool as unknown as pg.Pool }) });
    client.on("error", leaveItToTheNextQuery);
    bound.set(client, db);
  }
  return db as Kysely<Tables>;
};
