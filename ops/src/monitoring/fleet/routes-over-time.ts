import { setImmediate } from "node:timers/promises";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { EndpointMinute } from "../requests/request-metrics.ts";
import { summariseIntervals } from "../requests/summary.ts";
import type { FleetEndpoint } from "./fleet-summary.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";
import { RouteSums } from "./route-sums.ts";
import { hourMs, isByHour } from "./series.ts";
import { gridOf, type SeriesGrid, timesOf } from "./series-grid.ts";

export interface RoutesRequest {
  from: Date;
  until: Date;
  /** At most this many, and one for the part before `from`. */
  points: number;
}

/** An endpoint over a period: its summary, and its requests and errors by point. */
export type RouteOverTime = FleetEndpoint & { requests_by_point: number[]; errors_by_point: number[] };

export interface RoutesOverTime {
  stepSeconds: number;
  /** The beginnings of the points, in Unix seconds. */
  times: number[];
  routes: RouteOverTime[];
}

/** Hours are kept for 90 days; an older beginning is cut off, because parts without data cost a query, too. */
const keptMs = 91 * 24 * hourMs;

/** Histograms of so many hours are read and merged before other requests have their turn. */
const readAtOnceMs = 6 * hourMs;

/** Every endpoint that had requests in a period, over all instances. */
export const readRoutes = async (
  db: Kysely<unknown>,
  { from, until, points }: RoutesRequest,
  now: Date,
): Promise<RoutesOverTime> => {
  const oldest = new Date(Math.max(from.getTime(), now.getTime() - keptMs));
  const byHour = isByHour({ from: oldest, until, now });
  const grid = gridOf({ from: oldest, until, points, unitMs: byHour ? hourMs : 60_000 });
  const span = { from: new Date(grid.startMs), until };
  const stored = byHour ? storedWithin(span) : minutesWithin(span);
  const sums = await readSums(db, span);
  const counts = await readCounts(db, grid, stored);
  const observedSeconds = await observedSecondsOf(db, stored);
  const over = { windowSeconds: Math.round((until.getTime() - grid.startMs) / 1000), observedSeconds };
  return {
    stepSeconds: grid.stepMs / 1000,
    times: timesOf(grid),
    routes: sums.map((sum) => ({
      route: sum.route,
      method: sum.method,
      ...summariseIntervals([sum], over),
      requests_by_point: counts.get(nameOf(sum))?.requests ?? [],
      errors_by_point: counts.get(nameOf(sum))?.errors ?? [],
    })),
  };
};

const nameOf = ({ route, method }: { route: string; method: string }): string => `${method} ${route}`;

interface Span {
  from: Date;
  until: Date;
}

const columns = sql`route, method, requests, errors, statuses, total_ms, max_ms, durations`;

const minutesWithin = ({ from, until }: Span) => sql`(
  select minute as at, 60 as seconds, ${columns} from earlybird.metric_minutes
  where minute >= ${from} and minute < ${until})`;

/** Whole merged hours of a period, and the minutes of its other hours: each minute of the period once. */
const storedWithin = ({ from, until }: Span) => sql`(
  select minute as at, 60 as seconds, ${columns} from earlybird.metric_minutes
  where minute >= ${from} and minute < ${until} and not exists (
    select from earlybird.metric_hours merged
    where merged.route = ${allRoutes.route} and merged.method = ${allRoutes.method}
      and merged.hour = date_trunc('hour', minute, 'UTC')
      and merged.hour >= ${from} and merged.hour + interval '1 hour' <= ${until})
  union all
  select hour, 3600, ${columns} from earlybird.metric_hours
  where hour >= ${from} and hour + interval '1 hour' <= ${until})`;

/** How long any instance was recorded, for the rate. */
const observedSecondsOf = async (db: Kysely<unknown>, stored: RawBuilder<unknown>): Promise<number> => {
  const { rows } = await sql<{ seconds: number | null }>`
    select sum(seconds)::float8 as seconds
    from (select distinct at, seconds from ${stored} as stored where route = ${allRoutes.route}) as observed`.execute(
    db,
  );
  return Math.max(60, rows[0]?.seconds ?? 0);
};

/** One row for each endpoint. */
const readSums = async (db: Kysely<unknown>, { from, until }: Span): Promise<EndpointMinute[]> => {
  const sums = new RouteSums();
  // Parts begin with an hour, so that each merged hour is in one of them.
  let start = from;
  while (start < until) {
    const nextMs = Math.floor(start.getTime() / hourMs) * hourMs + readAtOnceMs;
    const end = new Date(Math.min(nextMs, until.getTime()));
    const { rows } = await sql<EndpointMinute>`
      select ${endpointColumns} from ${storedWithin({ from: start, until: end })} as stored
      where route <> ${allRoutes.route}`.execute(db);
    for (const row of rows) sums.add(row);
    await setImmediate();
    start = end;
  }
  return sums.read();
};

interface Counts {
  requests: number[];
  errors: number[];
}

/** Requests and errors of each endpoint by point, with zeros where it had none. */
const readCounts = async (
  db: Kysely<unknown>,
  { startMs, stepMs, length }: SeriesGrid,
  stored: RawBuilder<unknown>,
): Promise<Map<string, Counts>> => {
  const { rows } = await sql<{
    route: string;
    method: string;
    index: number;
    requests: number;
    errors: number;
  }>`
    select route, method,
      floor((extract(epoch from at) * 1000 - ${startMs}::float8) / ${stepMs}::float8)::integer as index,
      sum(requests)::float8 as requests, sum(errors)::float8 as errors
    from ${stored} as stored where route <> ${allRoutes.route} group by 1, 2, 3`.execute(db);
  const byName = new Map<string, Counts>();
  const zeros = () => new Array<number>(length).fill(0);
  for (const { index, requests, errors, ...endpoint } of rows) {
    const counts = byName.get(nameOf(endpoint)) ?? { requests: zeros(), errors: zeros() };
    byName.set(nameOf(endpoint), counts);
    counts.requests[index] = requests;
    counts.errors[index] = errors;
  }
  return byName;
};
