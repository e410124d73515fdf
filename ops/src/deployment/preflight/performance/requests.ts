import { sql } from "kysely";
import type { Database } from "../context.ts";
import { hasTable } from "../database.ts";

/** The requests of all instances in a period; null if there is no monitoring. */
export const countRequests = async (
  db: Database,
  period: string,
): Promise<{ requests: number; errors: number } | null> => {
  if (!(await hasTable(db, "metric_minutes"))) return null;
  const { rows } = await sql<{ requests: number; errors: number }>`
    select coalesce(sum(requests), 0)::float8 as requests, coalesce(sum(errors), 0)::float8 as errors
    from earlybird.metric_minutes
    where route = '(all)' and method = '*' and minute > now() - ${period}::interval`.execute(db);
  return rows[0] ?? null;
};
