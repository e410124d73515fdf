import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

/**
 * A connection that is lost while somebody holds it says so by an event, which would end the process if
 * nobody listened. Its holder learns of it from the next query.
 */
const leaveItToTheNextQuery = () => undefined;

/**
 * Makes a function that binds connections, as {@link kyselyOn} does.
 *
 * @param types reads what comes back, instead of what the connection has been told
 */
export const kyselyReading = (types: pg.CustomTypesConfig | undefined) => {
  const bound = new WeakMap<pg.ClientBase, Kysely<unknown>>();
  return <Tables>(client: pg.ClientBase): Kysely<Tables> => {
    let db = bound.get(client);
    if (!db) {
      const query = (text: string, values: unknown[]) => client.query({ text, values, types });
      const pool = { connect: async () => ({ query, release: () => undefined }), end: async () => undefined };
      db = new Kysely({ dialect: new PostgresDialect({ pool: pool as unknown as pg.Pool }) });
      client.on("error", leaveItToTheNextQuery);
      bound.set(client, db);
    }
    return db as Kysely<Tables>;
  };
};

/**
 * A Kysely whose every query runs on this one connection, so that it sees the connection's transaction.
 * Kept as long as the connection: binding costs nothing from the second time on.
 */
export const kyselyOn = kyselyReading(undefined);
