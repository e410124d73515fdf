import { sql } from "kysely";
import { z } from "zod";
import type { Change, Database, Direction } from "../change/change.ts";

/** The estimated number of rows of a move, and the duration of its transaction. */
export const estimateSchema = z.object({ rows: z.int(), duration_ms: z.number().nonnegative() });
export type Estimate = z.infer<typeof estimateSchema>;

/** The last duration and number of rows of each step, by direction. */
export type PastEstimates = ReadonlyMap<string, Estimate>;

const swapMs = 5;
const msPerRow = 0.04;

/** Without a measurement: the constant time of a swap, plus a time per row if rows are written. */
const unmeasured = (rows: number, heavy: boolean) => swapMs + (heavy ? rows * msPerRow : 0);

export const readPastEstimates = async (db: Database): Promise<PastEstimates> => {
  const { rows } = await sql<{ kind: Direction; step: number; rows: number; duration_ms: number }>`
    select distinct on (o.kind, r.receipt ->> 'step') o.kind, (r.receipt ->> 'step')::int as step,
      (r.receipt ->> 'duration_ms')::float as duration_ms,
      (select coalesce(max((c ->> 'rows')::bigint), 0) from jsonb_array_elements(r.receipt -> 'rows') c) as rows
    from (select * from earlybird.operations where state = 'completed' order by id desc limit 200) o,
      jsonb_array_elements(o.receipts) as r (receipt)
    order by o.kind, r.receipt ->> 'step', o.id desc`.execute(db);
  return new Map(
    rows.map(({ kind, step, ...past }) => [`${kind} ${step}`, { ...past, rows: Number(past.rows) }]),
  );
};

/** Whether a change writes rows one by one, rather than swapping something in constant time. */
export const isHeavy = ({ parts }: Change): boolean =>
  parts.some(({ prepare, outside }) => prepare ?? outside);

/** Estimates from planner statistics and past durations; reads no rows. */
export const estimateMove = async (
  db: Database,
  change: Change,
  direction: Direction,
  pastEstimates: PastEstimates,
): Promise<Estimate> => {
  let rows = 0;
  for (const part of change.parts) rows = Math.max(rows, await part.estimate(db, change.step, direction));
  const heavy = isHeavy(change);
  const past = pastEstimates.get(`${direction} ${change.step}`);
  if (!past) return { rows, duration_ms: Math.round(unmeasured(rows, heavy)) };
  const scale = heavy && past.rows > 0 ? rows / past.rows : 1;
  return { rows, duration_ms: Math.round(past.duration_ms * scale) };
};
