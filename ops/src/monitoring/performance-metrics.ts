import { type Clock, systemClock } from "../lib/clock.ts";
import { Endpoint, Series } from "./endpoint.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** The windows that can be asked for, in seconds. */
export const performanceWindows = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600 } as const;
export type PerformanceWindow = keyof typeof performanceWindows;

/** What happened in a window; all numbers are zero when there was no request. */
export interface PerformanceSummary {
  window_seconds: number;
  requests: number;
  /** Answers of 400 and above, without 401 and 404, and without requests whose client went away. */
  errors: number;
  error_rate_percent: number;
  requests_per_second: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
}

export interface EndpointSummary extends PerformanceSummary {
  route: string;
  method: string;
}

/** The name under which requests go that no route matched. */
export const unmatchedRoute = "(unmatched)";

/** The name under which endpoints go once there are more than the cap allows. */
export const overflowRoute = "(other)";

/**
 * Counts requests and how long they took, over all and for each endpoint, in sliding windows.
 *
 * A window reaches back as far as it says, less what is missing of its oldest slice: up to 5 s for `1m`, up
 * to a minute for the longer ones. Percentiles are at most 0.8 % above the exact ones (see
 * `relativeErrorBound`) and never below; counts, mean and maximum are exact.
 */
export class PerformanceMetrics {
  readonly #clock: Clock;
  readonly #maxEndpoints: number;
  readonly #startedMs: number;
  readonly #all = new Series();
  readonly #byRoute = new Map<string, Map<string, Endpoint>>();
  readonly #overflow: Endpoint;
  readonly #merged = new LatencyHistogram();
  #endpointCount = 0;

  /** @param options.maxEndpoints how many are told apart; those that come later count as one */
  constructor({ clock = systemClock, maxEndpoints = 400 }: { clock?: Clock; maxEndpoints?: number } = {}) {
    this.#clock = clock;
    this.#maxEndpoints = maxEndpoints;
    this.#startedMs = clock.monotonicMs();
    this.#overflow = new Endpoint("*", overflowRoute, this.#all, clock);
  }

  /**
   * Where the requests of one endpoint are recorded. Allocates only when it meets an endpoint for the first
   * time.
   *
   * @param route the template, as `/api/orders/:id`, never a raw URL; undefined when no route matched
   */
  endpoint(method: string, route: string = unmatchedRoute): Endpoint {
    let byMethod = this.#byRoute.get(route);
    const known = byMethod?.get(method);
    if (known) return known;
    if (this.#endpointCount >= this.#maxEndpoints) return this.#overflow;
    this.#endpointCount++;
    if (!byMethod) {
      byMethod = new Map();
      this.#byRoute.set(route, byMethod);
    }
    const endpoint = new Endpoint(method, route, this.#all, this.#clock);
    byMethod.set(method, endpoint);
    return endpoint;
  }

  /** All requests of the window. */
  summary(window: PerformanceWindow = "1m"): PerformanceSummary {
    return this.#summarise(this.#all, window);
  }

  /** The endpoints that had requests in the window, in no particular order. */
  endpoints(window: PerformanceWindow = "1m"): EndpointSummary[] {
    return [...this.#byRoute.values()]
      .flatMap((byMethod) => [...byMethod.values()])
      .concat(this.#overflow)
      .map(({ method, route, own }) => ({ route, method, ...this.#summarise(own, window) }))
      .filter(({ requests }) => requests > 0);
  }

  #summarise(series: Series, window: PerformanceWindow): PerformanceSummary {
    const nowMs = this.#clock.monotonicMs();
    const windowSeconds = performanceWindows[window];
    const { sinceMs, slices } = series.read(nowMs, windowSeconds);
    let requests = 0;
    let errors = 0;
    let totalMs = 0;
    let maxMs = 0;
    this.#merged.clear();
    for (const slice of slices) {
      requests += slice.requests;
      errors += slice.errors;
      totalMs += slice.totalMs;
      maxMs = Math.max(maxMs, slice.maxMs);
      this.#merged.add(slice.counts);
    }
    // A rate over the time there was to observe: a process that runs for ten seconds has not idled for fifty.
    const observedSeconds = Math.max(1, (nowMs - Math.max(sinceMs, this.#startedMs)) / 1000);
    const percentile = (percent: number) => rounded(Math.min(this.#merged.percentileMs(percent), maxMs));
    return {
      window_seconds: windowSeconds,
      requests,
      errors,
      error_rate_percent: rounded((100 * errors) / Math.max(requests, 1)),
      requests_per_second: rounded(requests / observedSeconds),
      mean_ms: rounded(totalMs / Math.max(requests, 1)),
      p50_ms: percentile(50),
      p95_ms: percentile(95),
      p99_ms: percentile(99),
      max_ms: rounded(maxMs),
    };
  }
}

/** To a thousandth: microseconds, where the unit is milliseconds. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
