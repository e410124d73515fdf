import { type Clock, systemClock } from "../../core/clock.ts";
import type { StatusTally } from "./cumulative-histogram.ts";
import type { Slice } from "./interval.ts";
import { Traffic } from "./request-buffer.ts";
import { Endpoint } from "./route-metrics.ts";
import { type PerformanceSummary, type PerformanceWindow, summarise } from "./summary.ts";

export interface EndpointSummary extends PerformanceSummary {
  route: string;
  method: string;
}

/** One endpoint since the process started. */
export interface EndpointTotals {
  route: string;
  method: string;
  errors: number;
  /** For each status class that it has answered with. */
  statuses: readonly StatusTally[];
}

/** What one endpoint did in a minute. */
export interface EndpointMinute extends Slice {
  route: string;
  method: string;
}

/** A minute that is over, or what there is of one. */
export interface RecordedMinute {
  /** When it began, by a time that only grows. */
  startedMs: number;
  /** The same by the wall clock, a whole minute; may come again when that has gone back. */
  startedAt: Date;
  /** Those that had requests in it. */
  endpoints: EndpointMinute[];
}

/** The name under which requests go that no route matched. */
export const unmatchedRoute = "(unmatched)";

/** The name under which endpoints go once there are more than the cap allows. */
export const overflowRoute = "(other)";

/** The name under which methods go that HTTP does not know: a client may send any word. OpenTelemetry's name. */
export const otherMethod = "_OTHER";

const knownMethods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/**
 * Counts requests and how long they took, over all and for each endpoint, in sliding windows.
 *
 * A window reaches back as far as it says, and to the beginning of its oldest slice: up to 5 s further for `1m`, up to a
 * minute for the longer ones. Percentiles are at most 0.8 % above the exact ones (see
 * `relativeErrorBound`) and never below; counts, mean and maximum are exact.
 */
export class PerformanceMetrics {
  readonly #maxEndpoints: number;
  readonly #startedMs: number;
  readonly #traffic: Traffic;
  readonly #byRoute = new Map<string, Map<string, Endpoint>>();
  readonly #endpoints: Endpoint[] = [];
  readonly #overflow: Endpoint;

  /**
   * @param options.maxEndpoints how many are told apart; those that come later count as one
   * @param options.errorsFromStatus the lowest status that counts as an error; 401, 404 and 499 never do
   */
  constructor({
    clock = systemClock,
    maxEndpoints = 500,
    errorsFromStatus = 400,
  }: {
    clock?: Clock;
    maxEndpoints?: number;
    errorsFromStatus?: 400 | 500;
  } = {}) {
    this.#maxEndpoints = maxEndpoints;
    this.#traffic = new Traffic(clock, errorsFromStatus);
    this.#startedMs = this.#traffic.nowMs();
    this.#overflow = new Endpoint("*", overflowRoute, this.#traffic);
  }

  /** A request has come. Returns when, for {@link Endpoint.finish} of the endpoint that it then enters. */
  arrive(): number {
    this.#traffic.inFlight++;
    return this.#traffic.clock.monotonicMs();
  }

  /**
   * Where the requests of one endpoint are recorded. Allocates only when it meets an endpoint for the first
   * time.
   *
   * @param route the template, as `/api/orders/:id`, never a raw URL; undefined when no route matched
   */
  endpoint(method: string, route: string = unmatchedRoute): Endpoint {
    return this.#byRoute.get(route)?.get(method) ?? this.#meet(method, route);
  }

  /** All requests of the window. */
  summary(window: PerformanceWindow = "1m"): PerformanceSummary {
    const { series, inFlight, failedLast } = this.#counted();
    // First the time: what an error tells of its own depends on where the wall clock is now.
    const nowMs = this.#traffic.nowMs();
    const lastError = failedLast?.lastError ?? null;
    return summarise({ series, inFlight, lastError }, window, nowMs, this.#startedMs);
  }

  /** The endpoints that had requests in the window or have some under way, in no particular order. */
  endpoints(window: PerformanceWindow = "1m"): EndpointSummary[] {
    return [...this.eachEndpoint(window)];
  }

  /** The same one after the other, each as of when it is asked for: many take some milliseconds together. */
  *eachEndpoint(window: PerformanceWindow = "1m"): Generator<EndpointSummary> {
    for (const endpoint of this.#all()) {
      const nowMs = this.#counted().nowMs();
      const summary = summarise(endpoint, window, nowMs, this.#startedMs);
      if (summary.requests === 0 && summary.in_flight === 0) continue;
      yield { route: endpoint.route, method: endpoint.method, ...summary };
    }
  }

  /** Every endpoint since the process started: numbers that only grow. Cheap, whatever was recorded. */
  totals(): EndpointTotals[] {
    this.#counted();
    return this.#all()
      .map(({ method, route, errors, tally }) => ({ route, method, errors, statuses: tally.read() }))
      .filter(({ statuses }) => statuses.length > 0);
  }

  /**
   * The minutes that are over and began after the one of `afterMs`, the oldest first: what each held for each endpoint
   * that had requests in it. Minutes begin with the clock's. The last one is among them in any case, of those before
   * only such as held something; no more than an hour of minutes is known.
   *
   * @param options.unfinished adds what there is of the minute under way, if anything: for whoever will not ask again
   */
  minutesAfter(afterMs: number, { unfinished = false } = {}): RecordedMinute[] {
    const nowMs = this.#counted().nowMs();
    const endedMs = (Math.floor(nowMs / 60_000) - 1) * 60_000;
    const lastMs = unfinished ? endedMs + 60_000 : endedMs;
    if (lastMs <= afterMs) return [];
    const byStart = new Map<number, EndpointMinute[]>(endedMs > afterMs ? [[endedMs, []]] : []);
    for (const { method, route, series } of this.#all()) {
      for (const { startedMs, slice } of series.minutesAfter(afterMs, { lastMs, nowMs })) {
        const endpoints = byStart.get(startedMs) ?? [];
        byStart.set(startedMs, endpoints);
        endpoints.push({ route, method, ...slice });
      }
    }
    return [...byStart]
      .sort(([one], [other]) => one - other)
      .map(([startedMs, endpoints]) => ({ startedMs, startedAt: this.#wallMinute(startedMs), endpoints }));
  }

  /** Requests recorded since the process started. */
  get recorded(): number {
    return this.#traffic.recorded;
  }

  /** What recording one request takes, in milliseconds: measured now and then; 0 before there is a measurement. */
  get recordingMs(): number {
    return this.#traffic.cost.typicalMs;
  }

  /** An estimate of the memory that all endpoints occupy. */
  get bytes(): number {
    return this.#all().reduce((sum, { series }) => sum + series.bytes, this.#traffic.series.bytes);
  }

  /** With everything counted that has been recorded. */
  #counted(): Traffic {
    this.#traffic.count();
    return this.#traffic;
  }

  /** In whole minutes, and over no later than by the wall clock: whoever asks by that for a minute must find it. */
  #wallMinute(startedMs: number): Date {
    return new Date(startedMs - Math.floor(this.#traffic.aheadMs / 60_000) * 60_000);
  }

  #all(): Endpoint[] {
    return [...this.#endpoints, this.#overflow];
  }

  #meet(method: string, route: string): Endpoint {
    if (!knownMethods.has(method) && method !== otherMethod) return this.endpoint(otherMethod, route);
    if (this.#endpoints.length >= this.#maxEndpoints) return this.#overflow;
    const endpoint = new Endpoint(method, route, this.#traffic);
    this.#endpoints.push(endpoint);
    const byMethod = this.#byRoute.get(route) ?? new Map<string, Endpoint>();
    this.#byRoute.set(route, byMethod.set(method, endpoint));
    return endpoint;
  }
}
