import { type Kysely, sql } from "kysely";
import type { RequestCounts } from "../requests/minute-counts.ts";
import { allRoutes } from "./minutes.ts";

export interface CountsRequest {
  /** Method and template, as `GET /api/orders`; without it, all requests. */
  route: string | undefined;
  /** Lengths of the windows, which end at `until`. */
  windowsMinutes: readonly number[];
  /** A whole minute. */
  until: Date;
}

/** The requests to all instances in each window, by its length in minutes. */
export const readRequestCounts = async (
  db: Kysely<unknown>,
  { route, windowsMinutes, until }: CountsRequest,
): Promise<Map<number, RequestCounts>> => {
  const endpoint = endpointOf(route);
  const { rows } = await sql<RequestCounts & { minutes: number }>`
    select minutes, coalesce(sum(requests), 0)::double precision as requests,
      coalesce(sum(errors), 0)::double precision as errors
    from unnest(${windowsMinutes}::integer[]) as windows (minutes)
    left join earlybird.metric_minutes on route = ${endpoint.route} and method = ${endpoint.method}
      and minute >= ${until}::timestamptz - make_interval(mins => minutes) and minute < ${until}
    group by minutes`.execute(db);
  return new Map(rows.map(({ minutes, requests, errors }) => [minutes, { requests, errors }]));
};

const endpointOf = (route: string | undefined) => {
  if (route === undefined) return allRoutes;
  const [method = "", ...template] = route.split(" ");
  return { method, route: template.join(" ") };
};
