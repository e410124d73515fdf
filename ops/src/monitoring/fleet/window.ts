import { type Kysely, sql } from "kysely";
import type { EndpointMinute } from "../performance-metrics.ts";
import {
  type PerformanceWindow,
  performanceWindows,
  type SliceSummary,
  summariseSlices,
} from "../performance-summary.ts";
import { EndpointSums } from "./endpoint-sums.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";

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

export interface FleetSummary extends SliceSummary {
  fleet: FleetCoverage;
}

export interface FleetEndpoint extends SliceSummary {
  route: string;
  method: string;
}

/** The minutes of a window: from the beginning of the first to the end of the last. */
const boundsOf = (window: PerformanceWindow, now: Date): { from: Date; until: Date; minutes: number } => {
  const untilMs = Math.floor((now.getTime() - writtenWithinMs) / minuteMs) * minuteMs;
  const windowMs = performanceWindows[window] * 1000;
  return { from: new Date(untilMs - windowMs), until: new Date(untilMs), minutes: windowMs / minuteMs };
};

const summaryOf = (slices: readonly EndpointMinute[], window: PerformanceWindow): SliceSummary => {
  const seconds = performanceWindows[window];
  return summariseSlices(slices, { windowSeconds: seconds, observedSeconds: seconds });
};

/** All requests to all instances in a window. */
export const fleetSummary = async (
  db: Kysely<unknown>,
  window: PerformanceWindow,
  now: Date,
): Promise<FleetSummary> => {
  const { from, until } = boundsOf(window, now);
  const { rows } = await sql<EndpointMinute & { instance: string }>`
    select instance_id as instance, ${endpointColumns} from earlybird.metric_minutes
    where route = ${allRoutes.route} and method = ${allRoutes.method}
      and minute >= ${from} and minute < ${until}`.execute(db);
  const { rows: newest } = await sql<{ newest: Date | null }>`
    select max(minute) + interval '1 minute' as newest from earlybird.metric_minutes`.execute(db);
  return {
    ...summaryOf(rows, window),
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
  const { from, minutes } = boundsOf(window, now);
  const sums = new EndpointSums();
  // Minute by minute: the event loop has other things to do in between.
  for (let minute = 0; minute < minutes; minute++) {
    const { rows } = await sql<EndpointMinute>`
      select ${endpointColumns} from earlybird.metric_minutes
      where minute = ${new Date(from.getTime() + minute * minuteMs)} and route <> ${allRoutes.route}`.execute(
      db,
    );
    for (const row of rows) sums.add(row);
  }
  return sums.read().map((sum) => ({ route: sum.route, method: sum.method, ...summaryOf([sum], window) }));
};
