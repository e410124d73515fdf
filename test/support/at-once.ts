import { sql } from "kysely";
import type { DeliveryDatabase } from "../../delivery/src/database.ts";

const patienceMs = 10_000;

/**
 * Runs requests that all meet at the same point: a transaction of its own holds what `lock` locks until
 * every one of them waits in the database. Without that, the first is usually through before the others
 * have a connection, and a race is never run.
 *
 * @param lock a statement that takes the lock for which the requests are expected to wait
 */
export const atOnce = async <T>(
  db: DeliveryDatabase,
  lock: ReturnType<typeof sql>,
  requests: readonly (() => PromiseLike<T>)[],
): Promise<T[]> => {
  const answers = await db.transaction().execute(async (tx) => {
    await lock.execute(tx);
    // Through a promise: an injected request begins only when somebody waits for it.
    const pending = requests.map((request) => Promise.resolve().then(request));
    const deadline = Date.now() + patienceMs;
    while ((await waiting(db)) < requests.length) {
      if (Date.now() > deadline) throw new Error("not all requests came to wait");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // Wrapped, so that the transaction does not wait for what waits for it.
    return { pending };
  });
  return Promise.all(answers.pending);
};

/** On a connection outside of the transaction, which would see its first answer again and again. */
const waiting = async (db: DeliveryDatabase): Promise<number> => {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
  return rows[0]?.n ?? 0;
};
