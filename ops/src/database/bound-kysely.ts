import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

/**
 * A checked-out connection that is lost emits an `error` event, which would end the process if nobody listened. The
 * next query reports the loss.
 */
const leaveItToTheNextQuery = () => undefined;

/**
 * Returns a function like {@link kyselyOn}.
 *
 * @param types parsers to use instead of those of the connection
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
 * A Kysely that runs every query on this one connection, and so in the connection's transaction. It is cached as long as
 * the connection lives.
 */
export const kyselyOn = kyselyReading(undefined);
