import type { Database } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

const mostLines = 20;

const remedy =
  "Correct what is wrong, and deactivate the logins that should not exist (PATCH /api/users/:id); the table unchecked_writes lists every write.";

/**
 * Writes while step 24 was rolled back by logins that it refuses, by route and role: one sentence each, then
 * the remedy. Each write is reported once.
 */
export const reportUncheckedWrites = async (db: Database): Promise<string[]> => {
  const { rows } = await sql<Line>`
    with told as (
      update unchecked_writes set reported = true where not reported returning *
    )
    select route, role, count(*)::integer as writes,
      count(*) filter (where status is null)::integer as unanswered,
      (array_agg(distinct user_id) filter (where user_id is not null))[1:3] as logins,
      (array_agg(target order by id) filter (where target is not null))[1:3] as targets,
      min(at) as first, max(at) as last
    from told group by route, role order by writes desc, route, role`.execute(db);
  if (rows.length === 0) return [];
  const rest = rows.length - mostLines;
  return [
    ...rows.slice(0, mostLines).map(sentence),
    ...(rest > 0 ? [`${rest} more pairs of route and role wrote without a check.`] : []),
    remedy,
  ];
};

interface Line {
  route: string;
  role: string;
  writes: number;
  /** The process ended before the answer: they may have written. */
  unanswered: number;
  logins: string[] | null;
  targets: string[] | null;
  first: Date;
  last: Date;
}

const sentence = ({ route, role, writes, unanswered, logins, targets, first, last }: Line): string => {
  const parts = [
    `${route} was used ${writes} times by the role ${role} without a check`,
    `between ${first.toISOString()} and ${last.toISOString()}`,
    ...(logins ? [`by ${logins.join(", ")}`] : []),
    ...(targets ? [`on ${targets.join(", ")}`] : []),
    ...(unanswered > 0 ? [`${unanswered} without a known outcome`] : []),
  ];
  return `${parts.join("; ")}.`;
};
