import type { Database, Impact } from "@earlybird-ops/platform/rollback";
import { type RawBuilder, sql } from "kysely";

/** One line of impact from a query that answers one number. */
export const count = async (
  db: Database,
  label: string,
  unit: string,
  query: RawBuilder<unknown>,
): Promise<Impact> => {
  const { rows } = await sql<{ value: number | string | null }>`select (${query}) as value`.execute(db);
  return { label, value: Number(rows[0]?.value ?? 0), unit };
};

/** The line that summarizes the impact of a step. */
export const headline = async (line: Promise<Impact>): Promise<Impact> => ({
  ...(await line),
  headline: true,
});

/** Lines of impact from a query that answers `part` and `value`: one line for each part. */
export const countBy = async (
  db: Database,
  label: string,
  unit: string,
  query: RawBuilder<unknown>,
): Promise<Impact[]> => {
  const { rows } = await sql<{ part: string; value: number | string }>`${query}`.execute(db);
  return rows.map(({ part, value }) => ({
    label: `${label}: ${part}`,
    value: Number(value),
    unit,
    group: label,
    key: part,
  }));
};

/** Two lines of impact from a query that answers `oldest` and `newest`; none where there is nothing. */
export const dated = async (db: Database, label: string, query: RawBuilder<unknown>): Promise<Impact[]> => {
  const { rows } = await sql<{ oldest: Date | null; newest: Date | null }>`${query}`.execute(db);
  return Object.entries(rows[0] ?? {}).flatMap(([which, at]) =>
    at
      ? [{ label: `${label}, the ${which}`, value: at.toISOString(), unit: "", group: label, key: which }]
      : [],
  );
};
