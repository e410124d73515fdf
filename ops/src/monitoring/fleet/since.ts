import { type Kysely, type RawBuilder, sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import { allRoutes } from "./minutes.ts";
import type { Slice } from "./slice-meter.ts";

const minuteMs = 60_000;

/** Retention of slices. */
export const slicesKept = "20 minutes";

/** For this long after a moment, the requests since then are read from slices, later from minutes. */
const readFromSlicesMs = 15 * minuteMs;
const minutesKeptMs = 72 * 60 * minuteMs;

const tooLongAgo = defineFailure({
  code: "EB_HISTORY_TOO_LONG",
  status: 400,
  detail: "Requests are kept by the minute for 72 hours.",
  remedy: "Request /api/health/series, which has the hours of 90 days.",
});

export interface SinceRequest {
  at: Date;
  /** The template of the route; if omitted, all routes. */
  route?: string | undefined;
  method?: string | undefined;
}

/** The requests of an endpoint on all instances since a moment. */
export interface RouteSince {
  route: string;
  method: string;
  requests: number;
  errors: number;
  total_ms: number;
  /** Responses with 1xx, 2xx, 3xx, 4xx and 5xx. */
  statuses: number[];
}

export interface Since {
  /** Whether the intervals are of seconds or minutes. An interval that had begun at that moment is not counted. */
  precision: "seconds" | "minutes";
  /** The end of the newest interval; null without any. */
  until: Date | null;
  routes: RouteSince[];
}

/** Writes the slices of an instance. A slice that is there already is kept. */
export const writeSlices = async (
  db: Kysely<unknown>,
  instanceId: string,
  slices: readonly Slice[],
): Promise<void> => {
  await sql`
    insert into earlybird.request_slices (instance_id, began_at, ended_at, routes)
    select ${instanceId}::uuid, given.* from unnest(
      ${slices.map(({ from }) => from)}::timestamptz[],
      ${slices.map(({ to }) => to)}::timestamptz[],
      ${slices.map(({ routes }) => JSON.stringify(routes))}::jsonb[]
    ) as given
    on conflict (instance_id, began_at) do nothing`.execute(db);
};

/**
 * The requests to all instances since `at`, by endpoint.
 *
 * @throws Failure EB_HISTORY_TOO_LONG
 */
export const readSince = async (
  db: Kysely<unknown>,
  { at, route, method }: SinceRequest,
  now: Date,
): Promise<Since> => {
  const ageMs = now.getTime() - at.getTime();
  if (ageMs > minutesKeptMs) throw tooLongAgo();
  const precision = ageMs <= readFromSlicesMs ? "seconds" : "minutes";
  const { rows } = await sql<RouteSince & { until: Date }>`
    select route, method, sum(requests)::float8 as requests, sum(errors)::float8 as errors,
      sum(total_ms) as total_ms, max(until) as until, jsonb_build_array(sum(statuses[1]), sum(statuses[2]), sum(statuses[3]),
        sum(statuses[4]), sum(statuses[5])) as statuses
    from ${intervals[precision](at)} as interval
    where (${route ?? null}::text is null or route = ${route ?? null})
      and (${method ?? null}::text is null or method = ${method ?? null})
    group by route, method order by requests desc, route, method`.execute(db);
  const ends = rows.map(({ until }) => until.getTime());
  return {
    precision,
    until: ends.length > 0 ? new Date(Math.max(...ends)) : null,
    routes: rows.map(({ until: _, ...row }) => row),
  };
};

const intervals: Record<Since["precision"], (at: Date) => RawBuilder<unknown>> = {
  seconds: (at) => sql`(
    select route, method, requests, errors, "totalMs" as total_ms, statuses, ended_at as until
    from earlybird.request_slices, jsonb_to_recordset(routes) as each (
      route text, method text, requests integer, errors integer, "totalMs" float8, statuses integer[])
    where began_at >= ${at})`,
  minutes: (at) => sql`(
    select route, method, requests, errors, total_ms, statuses, minute + interval '1 minute' as until
    from earlybird.metric_minutes where minute >= ${at} and route <> ${allRoutes.route})`,
};
