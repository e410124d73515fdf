import { type Interval, mergeIntervals } from "../requests/interval.ts";
import type { EndpointMinute } from "../requests/request-metrics.ts";

/** Rows of an endpoint to collect before they are merged. */
const mergedAtOnce = 100;

/** Sums the rows of each endpoint in little memory, however many there are. */
export class RouteSums {
  readonly #byName = new Map<string, { route: string; method: string; intervals: Interval[] }>();

  add(row: EndpointMinute): void {
    const { route, method } = row;
    const name = `${method} ${route}`;
    let endpoint = this.#byName.get(name);
    if (!endpoint) {
      endpoint = { route, method, intervals: [] };
      this.#byName.set(name, endpoint);
    }
    endpoint.intervals.push(row);
    if (endpoint.intervals.length >= mergedAtOnce) endpoint.intervals = [mergeIntervals(endpoint.intervals)];
  }

  /** One row for each endpoint, in order of their first row. */
  read(): EndpointMinute[] {
    return [...this.#byName.values()].map(({ route, method, intervals }) => ({
      route,
      method,
      ...mergeIntervals(intervals),
    }));
  }
}
