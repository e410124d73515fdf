import { setImmediate } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Interval } from "../requests/interval.ts";
import { type IntervalSummary, summariseIntervals } from "../requests/summary.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";
import { indexIn, type SeriesGrid } from "./series-grid.ts";

/** How a metric of the requests follows from the stored minutes or hours of a point. */
const metrics = {
  requests: (stored) => requestsOf(stored),
  errors: (stored) => errorsOf(stored),
  error_rate_percent: (stored) => (100 * errorsOf(stored)) / (requestsOf(stored) || 1),
  requests_per_second: (stored) => requestsOf(stored) / sumOf(stored, ({ window_seconds }) => window_seconds),
  mean_ms: (stored) =>
    sumOf(stored, ({ mean_ms, requests }) => mean_ms * requests) / (requestsOf(stored) || 1),
  p50_ms: (stored) => highestOf(stored, ({ p50_ms }) => p50_ms),
  p95_ms: (stored) => highestOf(stored, ({ p95_ms }) => p95_ms),
  p99_ms: (stored) => highestOf(stored, ({ p99_ms }) => p99_ms),
  max_ms: (stored) => highestOf(stored, ({ max_ms }) => max_ms),
  responses_2xx: (stored) => sumOf(stored, ({ statuses }) => statuses["2xx"]),
  responses_3xx: (stored) => sumOf(stored, ({ statuses }) => statuses["3xx"]),
  responses_4xx: (stored) => sumOf(stored, ({ statuses }) => statuses["4xx"]),
  responses_5xx: (stored) => sumOf(stored, ({ statuses }) => statuses["5xx"]),
} satisfies Record<string, (stored: readonly IntervalSummary[]) => number>;
export type RequestMetric = keyof typeof metrics;
export const requestMetrics = Object.keys(metrics) as RequestMetric[];

/** A stored minute or hour. Without requests, it has no intervals. */
export interface StoredPoint {
  atMs: number;
  seconds: number;
  intervals: Interval[];
}

/** One column for each metric. A point that no instance has recorded is null, one without requests is 0. */
export const requestColumns = async (
  stored: readonly StoredPoint[],
  grid: SeriesGrid,
  wanted: readonly RequestMetric[],
): Promise<Record<string, (number | null)[]>> => {
  const byPoint: IntervalSummary[][] = Array.from({ length: grid.length }, () => []);
  for (const [n, { atMs, seconds, intervals }] of stored.entries()) {
    byPoint[indexIn(grid, atMs)]?.push(
      summariseIntervals(intervals, { windowSeconds: seconds, observedSeconds: seconds }),
    );
    if (n % summarisedAtOnce === 0) await setImmediate();
  }
  return Object.fromEntries(
    wanted.map((name) => [
      name,
      byPoint.map((point) => (point.length > 0 ? toThousandth(metrics[name](point)) : null)),
    ]),
  );
};

/** Percentiles of many minutes take some milliseconds: other requests need not wait for all. */
const summarisedAtOnce = 100;

export interface RequestSeriesQuery {
  /** The template of the route; if omitted, the sum of all routes. */
  route?: string | undefined;
  /** Of a route; if omitted, the sum of all its methods. */
  method?: string | undefined;
  from: Date;
  until: Date;
  byHour: boolean;
}

/** The stored minutes or hours, oldest first. Where hours are requested, one that is not merged yet has its minutes. */
export const readRequests = async (
  db: Kysely<unknown>,
  { route = allRoutes.route, method, from, until, byHour }: RequestSeriesQuery,
): Promise<StoredPoint[]> => {
  const byMethod = method ?? null;
  // The sum of all routes is written even without requests: it shows which times were recorded.
  const within = sql`(route = ${allRoutes.route} or
    (route = ${route} and (${byMethod}::text is null or method = ${byMethod})))`;
  const { rows } = await sql<Interval & { at: Date; seconds: number; route: string }>`
    select minute as at, 60 as seconds, ${endpointColumns} from earlybird.metric_minutes
    where minute >= ${from} and minute < ${until} and ${within}
      and not (${byHour} and exists (
        select from earlybird.metric_hours merged
        where merged.route = ${allRoutes.route} and merged.method = ${allRoutes.method}
          and merged.hour = date_trunc('hour', minute, 'UTC')))
    union all
    select hour, 3600, ${endpointColumns} from earlybird.metric_hours
    where ${byHour} and hour >= ${from} and hour < ${until} and ${within}
    order by 1`.execute(db);
  const points = new Map<number, StoredPoint>();
  for (const { at, seconds, route: stored, ...interval } of rows) {
    const atMs = at.getTime();
    const point = points.get(atMs) ?? { atMs, seconds, intervals: [] };
    points.set(atMs, point);
    if (stored === route) point.intervals.push(interval);
  }
  return [...points.values()];
};

const sumOf = (stored: readonly IntervalSummary[], of: (summary: IntervalSummary) => number): number =>
  stored.reduce((sum, summary) => sum + of(summary), 0);

const requestsOf = (stored: readonly IntervalSummary[]) => sumOf(stored, ({ requests }) => requests);
const errorsOf = (stored: readonly IntervalSummary[]) => sumOf(stored, ({ errors }) => errors);

const highestOf = (stored: readonly IntervalSummary[], of: (summary: IntervalSummary) => number): number =>
  Math.max(...stored.map(of));

const toThousandth = (value: number): number => Math.round(value * 1000) / 1000;
