import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, read } from "../api/client.ts";
import type { paths } from "../api/schema.ts";
import { serverNow } from "../live/server-clock.ts";
import { type Period, periodOf, type Range, rangeText } from "./range.ts";

type Answer<
  Path extends "/api/health/series" | "/api/health/routes" | "/api/health/errors" | "/api/timeline",
> = paths[Path]["get"]["responses"][200]["content"]["application/json"];
export type Series = Answer<"/api/health/series">;
export type RouteOverTime = Answer<"/api/health/routes">["routes"][number];
export type ErrorCount = Answer<"/api/health/errors">["errors"][number];
export type TimelineEntry = Answer<"/api/timeline">["entries"][number];
export type Metric = keyof Series["series"];

/** A new minute is written every minute; a past period does not change. */
const refreshOf = (range: Range) => (range.kind === "last" ? 30_000 : (false as const));

const keyOf = (range: Range): string => (range.kind === "last" ? range.name : rangeText(range));

/** Method and template of a route, as `GET /api/orders`. */
export const routeOf = (text: string): { method: string; route: string } => {
  const [method = "", ...template] = text.split(" ");
  return { method, route: template.join(" ") };
};

const bounds = (range: Range): { from: string; to: string } => {
  const { fromMs, toMs } = periodOf(range, serverNow());
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
};

export interface SeriesRequest {
  metrics: readonly Metric[];
  range: Range;
  points: number;
  /** Method and template; if omitted, all routes together. */
  route?: string | undefined;
}

/** Metrics over time. While another range loads, the last one stays. */
export const seriesQuery = ({ metrics, range, points, route }: SeriesRequest) =>
  queryOptions({
    queryKey: ["series", route ?? "", keyOf(range), points, metrics.join()],
    queryFn: () => {
      const query = { metrics: metrics.join(), points, ...bounds(range), ...(route && routeOf(route)) };
      return read(api.GET("/api/health/series", { params: { query } }));
    },
    refetchInterval: refreshOf(range),
    placeholderData: keepPreviousData,
  });

/** All routes of a period with their sparklines. */
export const routesQuery = (range: Range) =>
  queryOptions({
    queryKey: ["routes", keyOf(range)],
    queryFn: () =>
      read(api.GET("/api/health/routes", { params: { query: { points: 48, ...bounds(range) } } })),
    refetchInterval: refreshOf(range),
    placeholderData: keepPreviousData,
  });

/** The newest events that began in a period. */
export const timelineQuery = (range: Range) =>
  queryOptions({
    queryKey: ["timeline", keyOf(range)],
    queryFn: () => {
      // Up to now, not to the last recorded minute: an event is known at once.
      const { from, to } = bounds(range);
      const query = { from, ...(range.kind === "fixed" && { to }), limit: 500 };
      return read(api.GET("/api/timeline", { params: { query } }));
    },
    refetchInterval: refreshOf(range),
    placeholderData: keepPreviousData,
  });

/** Responses of 400 and more of a route in a period. */
export const errorsQuery = (route: string, range: Range) =>
  queryOptions({
    queryKey: ["errors", route, keyOf(range)],
    queryFn: () =>
      read(api.GET("/api/health/errors", { params: { query: { ...routeOf(route), ...bounds(range) } } })),
    refetchInterval: refreshOf(range),
  });

/** The types of alerts with the settings of their thresholds. */
export const alertTypesQuery = queryOptions({
  queryKey: ["alerts", "types"],
  queryFn: () => read(api.GET("/api/alerts/types")),
  staleTime: 600_000,
});

/** The service's own figures, at most four. */
export const figuresQuery = queryOptions({
  queryKey: ["figures"],
  queryFn: () => read(api.GET("/api/console/figures")),
  refetchInterval: 30_000,
});

/** The period that an answer covers. */
export const periodOfAnswer = ({ from, to }: { from: string; to: string }): Period => ({
  fromMs: Date.parse(from),
  toMs: Date.parse(to),
});
