import type { RouteOverTime } from "../charts/history.ts";
import type { Format } from "../format.ts";

/** What the table of routes shows of each, and by what it can be sorted. */
export type RouteFigures = Pick<
  RouteOverTime,
  | "route"
  | "method"
  | "requests"
  | "requests_per_second"
  | "errors"
  | "error_rate_percent"
  | "p50_ms"
  | "p95_ms"
  | "p99_ms"
  | "max_ms"
> &
  Partial<Pick<RouteOverTime, "requests_by_point" | "errors_by_point">>;

interface TrafficColumn {
  label: string;
  show(figures: RouteFigures, format: Format): string;
}

const duration = (label: string, name: "p50_ms" | "p95_ms" | "p99_ms" | "max_ms"): TrafficColumn => ({
  label,
  show: (figures, format) => format.ms(figures[name]),
});

export const trafficColumns = {
  requests: { label: "Requests", show: ({ requests }, format) => format.number(requests) },
  requests_per_second: {
    label: "Per second",
    show: ({ requests_per_second }, format) => format.rate(requests_per_second),
  },
  errors: {
    label: "Failed",
    show: ({ errors, error_rate_percent }, format) =>
      errors === 0 ? "0" : `${format.number(errors)} (${format.percent(error_rate_percent)})`,
  },
  p50_ms: duration("p50", "p50_ms"),
  p95_ms: duration("p95", "p95_ms"),
  p99_ms: duration("p99", "p99_ms"),
  max_ms: duration("Slowest", "max_ms"),
} satisfies Record<string, TrafficColumn>;

export type TrafficSort = keyof typeof trafficColumns | "route";

/** The state of the page, which is all in its address. */
export interface TrafficSearch {
  /** Method and template. */
  route?: string;
  /** See `readRange`. */
  range?: string;
  sort?: TrafficSort;
  /** Numbers begin with the highest, names with A. */
  order?: "reversed";
}

const isSort = (value: unknown): value is TrafficSort =>
  typeof value === "string" && (value === "route" || Object.hasOwn(trafficColumns, value));

/** The search parameters of the page; those that mean nothing are ignored. */
export const readTrafficSearch = ({ route, range, sort, order }: Record<string, unknown>): TrafficSearch => ({
  ...(typeof route === "string" && route !== "" && { route }),
  ...(range !== undefined && range !== "" && { range: String(range) }),
  ...(isSort(sort) && { sort }),
  ...(order === "reversed" && { order }),
});

/** Method and template of a route in one text. */
export const nameOfRoute = ({ method, route }: Pick<RouteFigures, "method" | "route">): string =>
  `${method} ${route}`;

export const sortRoutes = (
  routes: readonly RouteFigures[],
  { sort = "requests", order }: Pick<TrafficSearch, "sort" | "order">,
): RouteFigures[] => {
  const byName = (one: RouteFigures, other: RouteFigures) =>
    one.route.localeCompare(other.route) || one.method.localeCompare(other.method);
  const sorted = [...routes].sort((one, other) =>
    sort === "route" ? byName(one, other) : other[sort] - one[sort] || byName(one, other),
  );
  return order === "reversed" ? sorted.reverse() : sorted;
};
