import type { Kysely } from "kysely";
import { type IntervalSummary, summariseIntervals } from "../requests/summary.ts";
import { readRequests } from "./request-series.ts";

/**
 * All requests in a period together: of its minutes, and where these have expired, of its hours. Null if no instance
 * recorded any of it.
 */
export const readTraffic = async (
  db: Kysely<unknown>,
  { from, until }: { from: Date; until: Date },
): Promise<IntervalSummary | null> => {
  const minutes = await readRequests(db, { from, until, byHour: false });
  const stored = minutes.length > 0 ? minutes : await readRequests(db, { from, until, byHour: true });
  if (stored.length === 0) return null;
  const seconds = stored.reduce((sum, point) => sum + point.seconds, 0);
  return summariseIntervals(
    stored.flatMap(({ intervals }) => intervals),
    { windowSeconds: seconds, observedSeconds: seconds },
  );
};
