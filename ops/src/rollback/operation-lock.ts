import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { Failure } from "../lib/failure.ts";
import { kyselyOn } from "../lib/sql.ts";
import type { Database } from "./change.ts";
import { operationLock } from "./locks.ts";
import { type RollbackOperation, runningOperation } from "./operations.ts";

const operationRunning = (running: RollbackOperation | undefined) =>
  new Failure(
    "EB_OPERATION_RUNNING",
    409,
    running
      ? `Operation ${running.id} (${running.kind} of ${running.steps.join(", ")}, by ${running.requested_by}) has been running since ${running.started_at}.`
      : "Another operation is running.",
    'Wait for its end; "earlybird history" shows it.',
  ).exitingWith(5);

const lockWaitMs = 2_000;
const lockPollMs = 50;

/**
 * Runs `work` on a connection of its own that holds the operation lock: one operation at a time, across
 * processes and machines. The lock belongs to the connection, so that it ends with a killed process.
 *
 * @throws Failure EB_OPERATION_RUNNING after two seconds of waiting
 */
export const withOperationLock = async <T>(pool: pg.Pool, work: (db: Database) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  const db: Database = kyselyOn(client);
  let failed: Error | undefined;
  try {
    // Checks that read whole tables take one processor: the others are the site's.
    await client.query(
      "set application_name = 'earlybird rollback'; set max_parallel_workers_per_gather = 0",
    );
    // A killed operator must not leave a statement running for nobody; some systems cannot check for that.
    await client.query("set client_connection_check_interval = '200ms'").catch(() => undefined);
    for (let waitedMs = 0; !(await tryLock(db)); waitedMs += lockPollMs) {
      if (waitedMs >= lockWaitMs) throw operationRunning(await runningOperation(db));
      await sleep(lockPollMs);
    }
    const result = await work(db);
    await client.query(leave).catch((error: Error) => {
      failed = error;
    });
    return result;
  } catch (error) {
    // Closing the session releases its locks whatever state it is in.
    failed = error as Error;
    throw error;
  } finally {
    client.release(failed);
  }
};

/** The next to borrow the connection finds it as it was; it has cost a process and caches of its own to make. */
const leave = `select pg_advisory_unlock_all();
reset application_name; reset max_parallel_workers_per_gather; reset client_connection_check_interval`;

const tryLock = async (db: Database): Promise<boolean> => {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(${sql.lit(operationLock[0])}, ${sql.lit(operationLock[1])}) as locked`.execute(
    db,
  );
  return rows[0]?.locked === true;
};
