import { type Kysely, sql } from "kysely";
import type { ErrorCount, ErrorMinute, ErrorsRequest } from "./error-counts.ts";

const mostKinds = 500;

/**
 * Writes the failures of an instance in a minute. Counts only grow within a minute, so a write that arrives twice or
 * too late changes nothing.
 */
export const writeErrorMinute = async (
  db: Kysely<unknown>,
  instanceId: string,
  { startedAt, errors }: ErrorMinute,
): Promise<void> => {
  const column = <T>(value: (error: ErrorCount) => T): T[] => errors.map(value);
  // A missing code or step is stored as a value, so that it can be part of the key.
  await sql`
    insert into earlybird.error_minutes as kept
      (minute, instance_id, route, method, status, code, step, count, first_at, last_at)
    select ${startedAt}::timestamptz, ${instanceId}::uuid, given.* from unnest(
      ${column(({ route }) => route)}::text[],
      ${column(({ method }) => method)}::text[],
      ${column(({ status }) => status)}::integer[],
      ${column(({ code }) => code ?? "")}::text[],
      ${column(({ step }) => step ?? 0)}::integer[],
      ${column(({ count }) => count)}::integer[],
      ${column(({ first }) => first)}::timestamptz[],
      ${column(({ last }) => last)}::timestamptz[]
    ) as given
    on conflict (minute, instance_id, route, method, status, code, step) do update set
      count = greatest(kept.count, excluded.count),
      first_at = least(kept.first_at, excluded.first_at),
      last_at = greatest(kept.last_at, excluded.last_at)`.execute(db);
};

/** The failures of all instances in the minutes of a period, the most frequent first. */
export const readErrors = async (
  db: Kysely<unknown>,
  { from, to, route, method }: ErrorsRequest,
): Promise<ErrorCount[]> => {
  const { rows } = await sql<ErrorCount>`
    select route, method, status, nullif(code, '') as code, nullif(step, 0) as step,
      sum(count)::double precision as count, min(first_at) as first, max(last_at) as last
    from earlybird.error_minutes
    where minute >= date_trunc('minute', ${from}::timestamptz) and minute <= ${to}
      and route = coalesce(${route ?? null}, route) and method = coalesce(${method ?? null}, method)
    group by route, method, status, code, step
    order by count desc, last desc limit ${mostKinds}`.execute(db);
  return rows;
};
