import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { EndpointMinute } from "../requests/request-metrics.ts";
import {
  intervalSummary,
  type PerformanceWindow,
  performanceWindows,
  summariseIntervals,
} from "../requests/summary.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";
import { RouteSums } from "./route-sums.ts";

const minuteMs = 60_000;

/** An instance writes a minute within this time of its end: up to two checks later. */
const writtenWithinMs = 15_000;

/** What a summary of the fleet covers. The window consists of finished minutes, so that all instances agree. */
const fleetCoverage = z.object({
  instances: z
    .int()
    .describe("Instances that wrote a minute of the window. One whose clock was set back may count twice."),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  newest: z.iso.datetime().nullable().describe("The end of the newest minute written by any instance."),
});
export type FleetCoverage = z.infer<typeof fleetCoverage>;

export const fleetPerformance = intervalSummary.extend({ fleet: fleetCoverage });
export type FleetSummary = z.infer<typeof fleetPerformance>;

export const fleetEndpoint = intervalSummary.extend({ route: z.string(), method: z.string() });
export type FleetEndpoint = z.infer<typeof fleetEndpoint>;

/** The end of the last minute that all instances have written. */
export const lastWrittenMinute = (now: Date): Date =>
  new Date(Math.floor((now.getTime() - writtenWithinMs) / minuteMs) * minuteMs);

/** The minutes of a window: from the beginning of the first to the end of the last. */
const boundsOf = (window: PerformanceWindow, now: Date): { from: Date; until: Date; minutes: number } => {
  const until = lastWrittenMinute(now);
  const windowMs = performanceWindows[window] * 1000;
  return { from: new Date(until.getTime() - windowMs), until, minutes: windowMs / minuteMs };
};

/** The part of a window that any instance covers, for the rate. A fleet up for two minutes was not idle for the other 58. */
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

/** Each endpoint that had requests in a window, over all instances. */
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
  // Minute by minute, so that the event loop is not blocked.
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
