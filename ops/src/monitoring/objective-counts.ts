import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { steadyClock } from "../core/steady-clock.ts";
import { withTimeout } from "../core/with-timeout.ts";
import { MinuteCounts, type RequestCounts } from "./requests/minute-counts.ts";
import type { EndpointTotals } from "./requests/request-metrics.ts";

/** Requests that are counted under a name: those of a route, or all. */
export interface CountedRequests {
  name: string;
  /** Method and template, as `GET /api/orders`. */
  route: string | undefined;
}

/** Reads the counts of all instances. */
export interface FleetCounts {
  requestCounts(
    routes: readonly (string | undefined)[],
    windowsMinutes: readonly number[],
  ): Promise<ReadonlyMap<number, RequestCounts>[]>;
}

export interface NamedCounts {
  name: string;
  scope: "all instances" | "this instance";
  /** By length in minutes. */
  windows: ReadonlyMap<number, RequestCounts>;
}

export interface ObjectiveCountsOptions {
  targets: readonly CountedRequests[];
  /** Lengths of the windows. */
  windowsMinutes: readonly number[];
  performance: { totals(): EndpointTotals[] };
  /** Without it, there is only this instance. */
  fleet: FleetCounts | undefined;
  log: Logger;
  clock: Clock;
}

const readEveryMs = 30_000;
const readTimeoutMs = 3_000;

/** Counts of all instances that are older than this are not used. */
const staleAfterMs = 120_000;

interface Target extends CountedRequests {
  minutes: MinuteCounts;
  total: RequestCounts;
}

/**
 * Requests and errors of the last hours: of all instances as the database has them, and while it is unavailable, those
 * of this process.
 */
export class ObjectiveCounts {
  readonly #options: ObjectiveCountsOptions;
  readonly #nowMs: () => number;
  readonly #targets: Target[];
  #ofFleet: { readAtMs: number; windows: ReadonlyMap<number, RequestCounts>[] } | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #isFailing = false;

  constructor(options: ObjectiveCountsOptions) {
    this.#options = options;
    this.#nowMs = steadyClock(options.clock);
    const totals = options.performance.totals();
    const kept = Math.max(0, ...options.windowsMinutes);
    this.#targets = options.targets.map((target) => ({
      ...target,
      minutes: new MinuteCounts(kept),
      total: totalOf(target, totals),
    }));
  }

  /**
   * Adds the requests since the last call to those of this process, and returns the latest counts. Reads the database in
   * the background if it is due, unless that is known to be down.
   */
  observe(isDatabaseUp: boolean): NamedCounts[] {
    if (this.#targets.length === 0) return [];
    const nowMs = this.#nowMs();
    const totals = this.#options.performance.totals();
    for (const target of this.#targets) {
      const total = totalOf(target, totals);
      target.minutes.add(nowMs, {
        requests: total.requests - target.total.requests,
        errors: total.errors - target.total.errors,
      });
      target.total = total;
    }
    const mayRead = isDatabaseUp && this.#options.fleet !== undefined;
    if (mayRead) this.#readIfDue(nowMs);
    // Right after a start this process knows nothing; its zeros must not end an alert.
    if (mayRead && this.#ofFleet === undefined && !this.#isFailing) return [];
    return this.#targets.map((target, n) => this.#countsOf(target, n, nowMs));
  }

  /** Resolves when no read is running. */
  async atRest(): Promise<void> {
    await this.#reading;
  }

  #countsOf({ name, minutes }: Target, index: number, nowMs: number): NamedCounts {
    const isCurrent = this.#ofFleet !== undefined && nowMs - this.#ofFleet.readAtMs < staleAfterMs;
    const ofFleet = isCurrent ? this.#ofFleet?.windows[index] : undefined;
    if (ofFleet) return { name, scope: "all instances", windows: ofFleet };
    const ofProcess = this.#options.windowsMinutes.map(
      (length) => [length, minutes.sum(nowMs, length)] as const,
    );
    return { name, scope: "this instance", windows: new Map(ofProcess) };
  }

  #readIfDue(nowMs: number): void {
    if (this.#reading || nowMs - this.#askedAtMs < readEveryMs) return;
    this.#askedAtMs = nowMs;
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<void> {
    const { fleet, windowsMinutes, log } = this.#options;
    const routes = this.#targets.map(({ route }) => route);
    if (fleet === undefined) return;
    try {
      const windows = await withTimeout(readTimeoutMs, fleet.requestCounts(routes, windowsMinutes));
      this.#ofFleet = { readAtMs: this.#nowMs(), windows };
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        log.warn({ err: error }, "objectives use the requests of this process: the database cannot be read");
      this.#isFailing = true;
    }
  }
}

const totalOf = ({ route }: CountedRequests, totals: readonly EndpointTotals[]): RequestCounts => {
  const counted = totals.filter((each) =>
    route === undefined ? !each.excludedFromRates : `${each.method} ${each.route}` === route,
  );
  const sum = { requests: 0, errors: 0 };
  for (const { errors, statuses } of counted) {
    sum.errors += errors;
    for (const { count } of statuses) sum.requests += count;
  }
  return sum;
};
