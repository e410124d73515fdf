import type { Clock } from "../../core/clock.ts";
import type { EndpointTotals } from "../requests/request-metrics.ts";

/** The requests to one route in a few seconds. */
export interface RouteSlice {
  route: string;
  method: string;
  requests: number;
  errors: number;
  totalMs: number;
  /** Responses with 1xx, 2xx, 3xx, 4xx and 5xx. */
  statuses: number[];
}

/** The requests between two readings of the counters, for the routes that had some. */
export interface Slice {
  from: Date;
  to: Date;
  routes: RouteSlice[];
}

/** The counters of a process, which only grow. */
export interface TotalsSource {
  totals(): EndpointTotals[];
}

/** Cuts the requests of a process into slices, each from one reading of the counters to the next. */
export class SliceMeter {
  readonly #performance: TotalsSource;
  readonly #clock: Clock;
  #before: Map<string, RouteSlice>;
  #readAt: Date;

  constructor({ performance, clock }: { performance: TotalsSource; clock: Clock }) {
    this.#performance = performance;
    this.#clock = clock;
    this.#before = this.#read();
    this.#readAt = clock.now();
  }

  /** The requests since the previous call. */
  take(): Slice {
    const [before, from] = [this.#before, this.#readAt];
    this.#before = this.#read();
    this.#readAt = this.#clock.now();
    const routes = [...this.#before].map(([key, now]) => difference(now, before.get(key)));
    return { from, to: this.#readAt, routes: routes.filter(({ requests }) => requests > 0) };
  }

  #read(): Map<string, RouteSlice> {
    const sums = this.#performance.totals().map(sumOf);
    return new Map(sums.map((sum) => [`${sum.method} ${sum.route}`, sum]));
  }
}

const sumOf = ({ route, method, errors, statuses }: EndpointTotals): RouteSlice => ({
  route,
  method,
  errors,
  requests: statuses.reduce((sum, { count }) => sum + count, 0),
  totalMs: statuses.reduce((sum, { sumMs }) => sum + sumMs, 0),
  statuses: [1, 2, 3, 4, 5].map(
    (each) => statuses.find(({ statusClass }) => statusClass === each)?.count ?? 0,
  ),
});

const difference = (now: RouteSlice, before: RouteSlice | undefined): RouteSlice =>
  before === undefined
    ? now
    : {
        ...now,
        requests: now.requests - before.requests,
        errors: now.errors - before.errors,
        totalMs: now.totalMs - before.totalMs,
        statuses: now.statuses.map((count, index) => count - (before.statuses[index] ?? 0)),
      };
