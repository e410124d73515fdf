import { sql } from "kysely";
import type { Change, Direction } from "../change/change.ts";
import type { Engine } from "../engine/engine.ts";
import type { Progress } from "../engine/request.ts";
import { estimateMove, isHeavy } from "./estimates.ts";

const everyMs = 500;

/**
 * Reports progress while `work` runs: to the listener, and in the row of the operation, where every instance can read it.
 * The work counts rows with a sequence, which other sessions can read before the commit.
 */
export const reportProgress = async <T>(
  { db, clock, log }: Engine,
  {
    change,
    direction,
    operation,
    listener,
  }: {
    change: Change;
    direction: Direction;
    operation: string;
    listener: ((progress: Progress) => void) | undefined;
  },
  work: () => Promise<T>,
): Promise<T> => {
  if (!isHeavy(change)) return work();
  const rowsDone = async () => {
    const { rows } = await sql<{ at: number }>`select last_value as at from earlybird.rows_done`.execute(db);
    return Number(rows[0]?.at ?? 0);
  };
  const { rows: rows_in_all } = await estimateMove(db, change, direction, new Map());
  const base = await rowsDone();
  const startMs = clock.monotonicMs();
  const report = async () => {
    const rows_done = (await rowsDone()) - base;
    const seconds = (clock.monotonicMs() - startMs) / 1_000;
    const rows_per_second = Math.round(rows_done / seconds);
    const left = Math.max(0, rows_in_all - rows_done);
    const seconds_left = rows_per_second > 0 ? Math.round(left / rows_per_second) : null;
    const progress: Progress = { step: change.step, rows_done, rows_in_all, rows_per_second, seconds_left };
    listener?.(progress);
    await sql`update earlybird.operations set progress = ${JSON.stringify(progress)}::jsonb where id = ${operation}::bigint`.execute(
      db,
    );
  };
  const forget = () =>
    sql`update earlybird.operations set progress = null where id = ${operation}::bigint`.execute(db);
  let reporting: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    reporting = reporting.then(report).catch((error: unknown) => {
      log.debug({ err: error }, "the progress could not be reported");
    });
  }, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    // A report can wait for the commit of the step: after it, no further report follows.
    await reporting.then(forget).catch((error: unknown) => {
      log.debug({ err: error }, "the progress could not be cleared");
    });
  }
};
