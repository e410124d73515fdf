import { type Clock, systemClock } from "../../core/clock.ts";
import type { StatusHistogram } from "./cumulative-histogram.ts";
import type { Interval } from "./interval.ts";
import { RequestBuffer } from "./request-buffer.ts";
import { RouteMetrics } from "./route-metrics.ts";
import { type PerformanceSummary, type PerformanceWindow, summarise } from "./summary.ts";

interface Endpoint {
  route: string;
  method: string;
}

export interface EndpointSummary extends Endpoint, PerformanceSummary {
  excluded_from_rates: boolean;
}

/** An endpoint since the process started. */
export interface EndpointTotals extends Endpoint {
  excludedFromRates: boolean;
  errors: number;
  /** For each status class that it has responded with. */
  statuses: readonly StatusHistogram[];
}

/** The requests of an endpoint in a minute. */
export interface EndpointMinute extends Endpoint, Interval {}

export interface RecordedEndpoint extends EndpointMinute {
  excludedFromRates: boolean;
}

/** A finished minute, or the current one up to now. */
export interface RecordedMinute {
  /** Its start, in a time that never goes back. */
  startedMs: number;
  /** Its start by the wall clock, a whole minute. Repeats if the wall clock was set back. */
  startedAt: Date;
  /** The endpoints that had requests. */
  endpoints: RecordedEndpoint[];
}

/** Route name for requests that no route matched. */
export const unmatchedRoute = "(unmatched)";

/** Route name for all endpoints above the limit. */
export const overflowRoute = "(other)";

/** Name for methods that HTTP does not define, since a client may send any word. OpenTelemetry's name. */
export const otherMethod = "_OTHER";

const knownMethods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/**
 * Counts requests and their durations, in total and per endpoint, in sliding windows.
 *
 * A window starts at the beginning of its oldest interval: up to 5 s earlier for `1m`, up to a minute for the others.
 * Percentiles are at most 0.8 % above the exact ones (see `relativeErrorBound`) and never below; counts, mean and maximum
 * are exact.
 */
export class PerformanceMetrics {
  readonly #maxEndpoints: number;
  readonly #startedMs: number;
  readonly #buffer: RequestBuffer;
  readonly #byRoute = new Map<string, Map<string, RouteMetrics>>();
  readonly #endpoints: RouteMetrics[] = [];
  readonly #overflow: RouteMetrics;

  /**
   * @param options.maxEndpoints how many are counted separately; all later ones share {@link overflowRoute}
   * @param options.errorsFromStatus the lowest status that counts as an error; 401, 404 and 499 never do
   */
  constructor({
    clock = systemClock,
    maxEndpoints = 500,
    errorsFromStatus = 500,
  }: {
    clock?: Clock;
    maxEndpoints?: number;
    errorsFromStatus?: 400 | 500;
  } = {}) {
    this.#maxEndpoints = maxEndpoints;
    this.#buffer = new RequestBuffer(clock, errorsFromStatus);
    this.#startedMs = this.#buffer.nowMs();
    this.#overflow = new RouteMetrics("*", overflowRoute, this.#buffer);
  }

  /** Call when a request arrives. Returns its arrival time for {@link RouteMetrics.finish}. */
  arrive(): number {
    this.#buffer.inFlight++;
    return this.#buffer.clock.monotonicMs();
  }

  /**
   * The metrics of an endpoint, to record its requests. Allocates only on the first call for an endpoint.
   *
   * @param route the template, as `/api/orders/:id`, never a raw URL; undefined if no route matched
   * @param excludedFromRates whether its requests count only for itself; decided by the first call for an endpoint
   */
  endpoint(method: string, route: string = unmatchedRoute, excludedFromRates = false): RouteMetrics {
    return this.#byRoute.get(route)?.get(method) ?? this.#create(method, route, excludedFromRates);
  }

  /** All requests of the window, without those of excluded endpoints. */
  summary(window: PerformanceWindow = "1m"): PerformanceSummary {
    const { recent, inFlight, failedLast } = this.#flushed();
    // Before `lastError`, whose time depends on the wall clock as read here.
    const nowMs = this.#buffer.nowMs();
    const lastError = failedLast?.lastError ?? null;
    return summarise({ recent, inFlight, lastError }, window, nowMs, this.#startedMs);
  }

  /** The endpoints with requests in the window or current requests, in no particular order. */
  endpoints(window: PerformanceWindow = "1m"): EndpointSummary[] {
    return [...this.eachEndpoint(window)];
  }

  /** The same one after the other, each as of the moment it is read: many take some milliseconds together. */
  *eachEndpoint(window: PerformanceWindow = "1m"): Generator<EndpointSummary> {
    for (const endpoint of this.#all()) {
      const nowMs = this.#flushed().nowMs();
      const summary = summarise(endpoint, window, nowMs, this.#startedMs);
      if (summary.requests === 0 && summary.in_flight === 0) continue;
      const { route, method, excludedFromRates } = endpoint;
      yield { route, method, ...summary, excluded_from_rates: excludedFromRates };
    }
  }

  /** Every endpoint since the process started. The numbers only grow. Cheap. */
  totals(): EndpointTotals[] {
    this.#flushed();
    return this.#all()
      .map(({ method, route, excludedFromRates, errors, total }) => {
        return { route, method, excludedFromRates, errors, statuses: total.read() };
      })
      .filter(({ statuses }) => statuses.length > 0);
  }

  /**
   * The finished minutes after that of `afterMs`, oldest first, with the endpoints that had requests. Minutes are those of
   * the clock. The last finished minute is always included, earlier ones only if they had requests. At most an hour is
   * kept.
   *
   * @param options.unfinished adds the current minute up to now if it has requests, for the last call before a shutdown
   */
  minutesAfter(afterMs: number, { unfinished = false } = {}): RecordedMinute[] {
    const nowMs = this.#flushed().nowMs();
    const endedMs = (Math.floor(nowMs / 60_000) - 1) * 60_000;
    const lastMs = unfinished ? endedMs + 60_000 : endedMs;
    if (lastMs <= afterMs) return [];
    const byStart = new Map<number, RecordedEndpoint[]>(endedMs > afterMs ? [[endedMs, []]] : []);
    for (const { method, route, excludedFromRates, recent } of this.#all()) {
      for (const { startedMs, interval } of recent.minutesAfter(afterMs, { lastMs, nowMs })) {
        const endpoints = byStart.get(startedMs) ?? [];
        byStart.set(startedMs, endpoints);
        endpoints.push({ route, method, excludedFromRates, ...interval });
      }
    }
    return [...byStart]
      .sort(([one], [other]) => one - other)
      .map(([startedMs, endpoints]) => ({ startedMs, startedAt: this.#wallMinute(startedMs), endpoints }));
  }

  /** Requests recorded since the process started. */
  get recorded(): number {
    return this.#buffer.recorded;
  }

  /** Cost of recording one request, in milliseconds; 0 before the first measurement. */
  get recordingMs(): number {
    return this.#buffer.recordingMs;
  }

  /** Estimated memory use of all endpoints. */
  get bytes(): number {
    return this.#all().reduce((sum, { recent }) => sum + recent.bytes, this.#buffer.recent.bytes);
  }

  #flushed(): RequestBuffer {
    this.#buffer.flush();
    return this.#buffer;
  }

  /** Rounded so that the minute ends no later than by the wall clock: a query by wall clock must find it. */
  #wallMinute(startedMs: number): Date {
    return new Date(startedMs - Math.floor(this.#buffer.aheadMs / 60_000) * 60_000);
  }

  #all(): RouteMetrics[] {
    return [...this.#endpoints, this.#overflow];
  }

  #create(method: string, route: string, excluded: boolean): RouteMetrics {
    if (!knownMethods.has(method) && method !== otherMethod) {
      return this.endpoint(otherMethod, route, excluded);
    }
    // Excluded endpoints are few, and must not count among the others.
    if (!excluded && this.#endpoints.length >= this.#maxEndpoints) return this.#overflow;
    const endpoint = new RouteMetrics(method, route, this.#buffer, excluded);
    this.#endpoints.push(endpoint);
    const byMethod = this.#byRoute.get(route) ?? new Map<string, RouteMetrics>();
    this.#byRoute.set(route, byMethod.set(method, endpoint));
    return endpoint;
  }
}
