import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import type { Clock } from "../../core/clock.ts";
import type { Database } from "../change/change.ts";
import { pinSession, unpinSession } from "./session.ts";

/** SQLSTATE query_canceled, which a statement timeout causes. */
const canceled = "57014";

/**
 * Runs `work` in a read-only transaction that is aborted in the end. Each statement gets the time that is left of `limitMs`.
 *
 * @returns undefined if the limit is reached
 */
export const readWithin = async <T>(
  { pool, clock }: { pool: pg.Pool; clock: Clock },
  limitMs: number,
  work: (db: Database) => Promise<T>,
): Promise<T | undefined> => {
  const client = await pool.connect();
  let failed: Error | undefined;
  try {
    const remembered = await pinSession(client);
    await client.query("begin transaction read only");
    const result = await work(limited(client, { clock, endMs: clock.monotonicMs() + limitMs })).catch(
      (error: Error & { code?: string }) => {
        if (error.code !== canceled) throw error;
        return undefined;
      },
    );
    await client.query("rollback");
    await unpinSession(client, remembered);
    return result;
  } catch (error) {
    failed = error as Error;
    throw error;
  } finally {
    client.release(failed);
  }
};

const limited = (client: pg.ClientBase, { clock, endMs }: { clock: Clock; endMs: number }): Database => {
  const query = async (text: string, values: unknown[]) => {
    // Zero would mean that there is no limit.
    const leftMs = Math.max(1, Math.round(endMs - clock.monotonicMs()));
    await client.query("select set_config('statement_timeout', $1, true)", [String(leftMs)]);
    return client.query(text, values);
  };
  const session = { connect: async () => ({ query, release: () => undefined }), end: async () => undefined };
  return new Kysely({ dialect: new PostgresDialect({ pool: session as unknown as pg.Pool }) });
};
