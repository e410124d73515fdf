import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { defineFailure } from "../../core/failure.ts";
import { kyselyOn } from "../../database/bound-kysely.ts";
import { demandDirectConnection } from "../../database/index.ts";
import type { Database } from "../change/change.ts";
import { operationLock } from "../database/advisory-locks.ts";
import { pinOperator, pinSession, unpinSession } from "../database/session.ts";
import { runningOperation } from "./operation.ts";

const anotherRunning = defineFailure({
  code: "EB_OPERATION_RUNNING",
  status: 409,
  exitStatus: 5,
  detail: "Another operation is running.",
  remedy: 'Wait until it ends; "earlybird history" shows it.',
});

const operationRunning = defineFailure({
  code: "EB_OPERATION_RUNNING",
  status: 409,
  exitStatus: 5,
  detail: "Operation {id} ({kind} of {steps}, by {requested_by}) has been running since {started_at}.",
  remedy: 'Wait until it ends; "earlybird history" shows it.',
});

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
      if (waitedMs >= waitMs) {
        const running = await runningOperation(db);
        throw running ? operationRunning({ ...running, steps: running.steps.join(", ") }) : anotherRunning();
      }
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
