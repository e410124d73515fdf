import { sql } from "kysely";
import type { Change, Database, Direction } from "../change/change.ts";

/**
 * Runs `work` in a transaction that is aborted, with the id of an operation that exists in it only: a re-apply records
 * conflicting values under an operation.
 */
export const rehearse = async <T>(
  session: Database,
  { direction, moving }: { direction: Direction; moving: readonly Change[] },
  work: (operation: string) => Promise<T>,
): Promise<T> => {
  await sql`begin`.execute(session);
  try {
    const { rows } = await sql<{ id: string }>`
      insert into earlybird.operations (kind, steps, state, requested_by, origin, started_at)
      values (${direction}, ${moving.map(({ step }) => step)}, 'running', 'dry run', 'dry run', now())
      returning id::text`.execute(session);
    return await work(rows[0]?.id ?? "");
  } finally {
    await sql`rollback`.execute(session);
  }
};
