import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

const bound = new WeakMap<pg.ClientBase, Kysely<unknown>>();

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
    bound.set(client, db);
  }
  return db as Kysely<Tables>;
};
