import { type Interval, mergeIntervals } from "../requests/interval.ts";
import type { EndpointMinute } from "../requests/request-metrics.ts";

/** So many rows of an endpoint are kept before they are merged into one. */
const mergedAtOnce = 100;

/** Sums what was written of each endpoint, however many rows there are, in little memory. */
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

  /** One row for each endpoint, in the order in which they came. */
  read(): EndpointMinute[] {
    return [...this.#byName.values()].map(({ route, method, intervals }) => ({
      route,
      method,
      ...mergeIntervals(intervals),
    }));
  }
}
