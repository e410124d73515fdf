import { type Kysely, sql } from "kysely";
import type { EndpointMinute } from "../requests/request-metrics.ts";
import {
  type IntervalSummary,
  type PerformanceWindow,
  performanceWindows,
  summariseIntervals,
} from "../requests/summary.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";
import { RouteSums } from "./route-sums.ts";

const minuteMs = 60_000;

/** Every instance that reaches the database has written a minute so long after it ended: two checks may pass. */
const writtenWithinMs = 15_000;

/** Whom an answer for the fleet speaks of; times are ISO 8601. */
export interface FleetCoverage {
  /** How many instances wrote something for the window; one whose clock was set back may count as two. */
  instances: number;
  /** The window: whole minutes that have ended, so that the answers of all instances agree. */
  from: string;
  until: string;
  /** The end of the newest minute that anybody has written; null when nobody has written any. */
  newest: string | null;
}

export interface FleetSummary extends IntervalSummary {
  fleet: FleetCoverage;
}

export interface FleetEndpoint extends IntervalSummary {
  route: string;
  method: string;
}

/** The minutes of a window: from the beginning of the first to the end of the last. */
const boundsOf = (window: PerformanceWindow, now: Date): { from: Date; until: Date; minutes: number } => {
  const untilMs = Math.floor((now.getTime() - writtenWithinMs) / minuteMs) * minuteMs;
  const windowMs = performanceWindows[window] * 1000;
  return { from: new Date(untilMs - windowMs), until: new Date(untilMs), minutes: windowMs / minuteMs };
};

/**
 * How much of a window somebody wrote of: what a rate is over. A fleet that has been there for two minutes has not idled
 * for the other 58.
 */
const observedSecondsOf = async (
  db: Kysely<unknown>,
  { from, until }: { from: Date; until: Date },
): Promise<number> => {
  const { rows } = await sql<{ minutes: number }>`
    select count(distinct minute)::integer as minutes from earlybird.metric_minutes
    where route = ${allRoutes.route} and method = ${allRoutes.method}
      and minute >= ${from} and minute < ${until}`.execute(db);
  return Math.max(1, rows[0]?.minutes ?? 0) * 60;
};

/** All requests to all instances in a window. */
export const fleetSummary = async (
  db: Kysely<unknown>,
  window: PerformanceWindow,
  now: Date,
): Promise<FleetSummary> => {
  const { from, until } = boundsOf(window, now);
  const observedSeconds = await observedSecondsOf(db, { from, until });
  const { rows } = await sql<EndpointMinute & { instance: string }>`
    select instance_id as instance, ${endpointColumns} from earlybird.metric_minutes
    where route = ${allRoutes.route} and method = ${allRoutes.method}
      and minute >= ${from} and minute < ${until}`.execute(db);
  const { rows: newest } = await sql<{ newest: Date | null }>`
    select max(minute) + interval '1 minute' as newest from earlybird.metric_minutes`.execute(db);
  return {
    ...summariseIntervals(rows, { windowSeconds: performanceWindows[window], observedSeconds }),
    fleet: {
      instances: new Set(rows.map(({ instance }) => instance)).size,
      from: from.toISOString(),
      until: until.toISOString(),
      newest: newest[0]?.newest?.toISOString() ?? null,
    },
  };
};

/** Each endpoint that had requests in a window, to whichever instance. */
export const fleetEndpoints = async (
  db: Kysely<unknown>,
  window: PerformanceWindow,
  now: Date,
): Promise<FleetEndpoint[]> => {
  const { from, until, minutes } = boundsOf(window, now);
  const over = {
    windowSeconds: performanceWindows[window],
    observedSeconds: await observedSecondsOf(db, { from, until }),
  };
  const sums = new RouteSums();
  // Minute by minute: the event loop has other things to do in between.
  for (let minute = 0; minute < minutes; minute++) {
    const { rows } = await sql<EndpointMinute>`
      select ${endpointColumns} from earlybird.metric_minutes
      where minute = ${new Date(from.getTime() + minute * minuteMs)} and route <> ${allRoutes.route}`.execute(
      db,
    );
    for (const row of rows) sums.add(row);
  }
  return sums
    .read()
    .map((sum) => ({ route: sum.route, method: sum.method, ...summariseIntervals([sum], over) }));
};
