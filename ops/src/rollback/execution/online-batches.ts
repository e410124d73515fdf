import { sql } from "kysely";
import type { Batches, Change, Database } from "../change/change.ts";
import { batchesOf } from "../database/batches.ts";
import { retryOnLocks } from "../engine/attempt.ts";
import type { Engine } from "../engine/engine.ts";

/** Batches that fill rows of a change while the service goes on, each in a transaction with a short lock timeout. */
export const onlineBatches = (engine: Engine, session: Database, change: Change): Batches => {
  const { log, rowLimits } = engine;
  const { step } = change;
  return batchesOf(session, {
    batchRows: rowLimits.batch,
    attempt: (batch) =>
      retryOnLocks(engine, [change], ({ patience: { attemptMs } }) =>
        session.transaction().execute(async (tx) => {
          await sql`select set_config('lock_timeout', ${`${attemptMs}ms`}, true), set_config('earlybird.engine', 'on', true)`.execute(
            tx,
          );
          return batch(tx);
        }),
      ),
    onBatch: (table, rows) =>
      log.info({ step, table, rows }, `step ${step}: ${rows} rows of ${table} filled`),
  });
};
