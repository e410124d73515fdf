import { sql } from "kysely";
import { type Finding, unknown } from "./check.ts";
import type { Database } from "./context.ts";
import { hasTable } from "./database.ts";

/** The highest value of a gauge that any instance reported in the period; null if none did. */
export const gaugePeak = async (db: Database, gauge: string, period: string): Promise<number | null> => {
  if (!(await hasTable(db, "gauge_minutes"))) return null;
  const { rows } = await sql<{ peak: number | null }>`
    select max(highest) as peak from earlybird.gauge_minutes
    where gauge = ${gauge} and minute > now() - ${period}::interval`.execute(db);
  return rows[0]?.peak ?? null;
};

/** The answer if no instance reported a gauge. */
export const noGauge = (name: string): Finding =>
  unknown(
    `No instance has reported its ${name} lately.`,
    "Start the service with monitoring, then check again.",
  );
