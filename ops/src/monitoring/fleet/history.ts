import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { EndpointMinute } from "../requests/request-metrics.ts";
import { intervalSummary, summariseIntervals } from "../requests/summary.ts";
import { allRoutes, endpointColumns } from "./minutes.ts";

/** Distance between the points of a history, in seconds. */
export const resolutions = { minute: 60, hour: 3600 } as const;
export type Resolution = keyof typeof resolutions;

export interface HistoryRequest {
  /** The template of the route; if omitted, the sum of all routes. */
  route?: string | undefined;
  /** Of a route; if omitted, the sum of all its methods. */
  method?: string | undefined;
  from: Date;
  until: Date;
  resolution: Resolution;
}

/** A minute or hour of all instances. */
export const historyPoint = intervalSummary.extend({ at: z.iso.datetime().describe("Its start.") });
export type HistoryPoint = z.infer<typeof historyPoint>;

const mostPoints = 1_500;

const tooManyMinutes = defineFailure({
  code: "EB_HISTORY_TOO_LONG",
  status: 400,
  detail: `The range has {points} minutes; a response has at most ${mostPoints} points.`,
  remedy: "Request hours, or a shorter range.",
});

const tooManyHours = defineFailure({
  code: "EB_HISTORY_TOO_LONG",
  status: 400,
  detail: `The range has {points} hours; a response has at most ${mostPoints} points.`,
  remedy: "Request a shorter range.",
});

/** @throws Failure EB_HISTORY_TOO_LONG */
export const refuseTooLong = ({ from, until, resolution }: HistoryRequest): void => {
  const points = Math.ceil((until.getTime() - from.getTime()) / (resolutions[resolution] * 1000));
  if (points > mostPoints) throw (resolution === "minute" ? tooManyMinutes : tooManyHours)({ points });
};

/**
 * The points of a route, oldest first. Minutes and hours without data are omitted. The point of an hour is available about
 * two minutes after its end.
 */
export const readHistory = async (db: Kysely<unknown>, request: HistoryRequest): Promise<HistoryPoint[]> => {
  const { from, until, resolution } = request;
  const seconds = resolutions[resolution];
  const route = request.route ?? allRoutes.route;
  const { method } = request;
  const { rows } = await sql<EndpointMinute & { at: Date }>`
    select ${at[resolution]} as at, ${endpointColumns} from ${table[resolution]}
    where route = ${route} and (${method ?? null}::text is null or method = ${method ?? null})
      and ${at[resolution]} >= ${from} and ${at[resolution]} < ${until}
    order by at`.execute(db);
  const byTime = new Map<string, EndpointMinute[]>();
  for (const { at, ...row } of rows) {
    const time = at.toISOString();
    byTime.set(time, [...(byTime.get(time) ?? []), row]);
  }
  return [...byTime].map(([at, intervals]) => ({
    at,
    ...summariseIntervals(intervals, { windowSeconds: seconds, observedSeconds: seconds }),
  }));
};

const table = {
  minute: sql`earlybird.metric_minutes`,
  hour: sql`earlybird.metric_hours`,
};
const at = { minute: sql`minute`, hour: sql`hour` };
