import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { Failure } from "../../core/failure.ts";
import { kyselyOn } from "../../database/bound-kysely.ts";
import { demandDirectConnection } from "../../database/index.ts";
import type { Database } from "../change/change.ts";
import { operationLock } from "../database/advisory-locks.ts";
import { pinOperator, pinSession, unpinSession } from "../database/session.ts";
import { type RollbackOperation, runningOperation } from "./operation.ts";

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
 * @throws Failure EB_DATABASE_POOLED where a pooler is in between; EB_OPERATION_RUNNING after `waitMs`, two seconds by default
 */
export const withOperationLock = async <T>(
  pool: pg.Pool,
  work: (db: Database) => Promise<T>,
  { waitMs = lockWaitMs, onWait }: { waitMs?: number; onWait?: () => void } = {},
): Promise<T> => {
  const client = await pool.connect();
  const db: Database = kyselyOn(client);
  let failed: Error | undefined;
  try {
    // First: settings on a session of a pooler also apply to its other clients.
    await demandDirectConnection(client, pool);
    const remembered = await pinSession(client);
    await pinOperator(client);
    for (let waitedMs = 0; !(await tryLock(db)); waitedMs += lockPollMs) {
      if (waitedMs === 0) onWait?.();
      if (waitedMs >= waitMs) throw operationRunning(await runningOperation(db));
      await sleep(lockPollMs);
    }
    const result = await work(db);
    await unpinSession(client, remembered).catch((error: Error) => {
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

const tryLock = async (db: Database): Promise<boolean> => {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(${sql.lit(operationLock[0])}, ${sql.lit(operationLock[1])}) as locked`.execute(
    db,
  );
  return rows[0]?.locked === true;
};
