import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { CheckLoop } from "./check-loop.ts";
import { noDatabase } from "./database/no-database.ts";
import { type GaugeDeclaration, type GaugeOptions, type GaugeReading, gauge } from "./gauge.ts";
import { Gauges } from "./gauges.ts";
import { type DatabaseProbe, HealthChecks, type SystemProbe } from "./health-checks.ts";
import type { EndpointSummary, PerformanceMetrics } from "./requests/request-metrics.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Overhead, OverheadMeter } from "./system/overhead.ts";
import type { SystemReport } from "./system/report.ts";

export interface MonitoringOptions {
  /** Without it, the service has no database, and its health does not depend on one. */
  database?: DatabaseProbe;
  system: SystemProbe;
  performance: PerformanceMetrics;
  /** Numbers of the service; {@link MonitoringService.gauge} adds more. */
  gauges?: readonly GaugeDeclaration[] | undefined;
  log: Logger;
  clock?: Clock;
  /** From the start of one check to the start of the next. */
  intervalMs?: number;
  /** The interval while the database fails, and until it has responded twice in a row. */
  failingIntervalMs?: number;
  /** A check that takes longer counts as failed. */
  patienceMs?: number;
}

const endpointsAtATime = 20;

/** Checks the service at intervals, keeps the latest snapshot and passes each one to the listeners. */
export class MonitoringService {
  readonly performance: PerformanceMetrics;
  readonly clock: Clock;
  readonly #database: DatabaseProbe;
  readonly #system: SystemProbe;
  readonly #log: Logger;
  readonly #checks: HealthChecks;
  readonly #gauges: Gauges;
  readonly #loop: CheckLoop;
  readonly #startedMs: number;
  readonly #overhead: OverheadMeter;
  readonly #listeners = new Set<(snapshot: Snapshot) => unknown>();
  #snapshot: Snapshot | undefined;

  constructor(options: MonitoringOptions) {
    const { database = noDatabase, system, performance, log, clock = systemClock } = options;
    const { intervalMs = 5_000, failingIntervalMs = 1_000, patienceMs = 2_500 } = options;
    this.performance = performance;
    this.clock = clock;
    this.#database = database;
    this.#system = system;
    this.#log = log;
    this.#startedMs = clock.monotonicMs();
    this.#overhead = new OverheadMeter({ clock, performance });
    this.#checks = new HealthChecks({ database, system, performance, log, clock, patienceMs });
    this.#gauges = new Gauges(log);
    for (const declaration of options.gauges ?? []) this.#gauges.declare(declaration);
    this.#loop = new CheckLoop({
      check: () => this.#check(),
      onError: (error) => log.error({ err: error }, "a check of the monitoring failed"),
      clock,
      intervalMs,
      failingIntervalMs,
    });
    database.onLost(() => this.#loop.hurry());
  }

  /** The latest snapshot; undefined until the first check has finished. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Further numbers about the process, as of the latest sample. */
  get systemReport(): SystemReport {
    return this.#system.report();
  }

  /** The cost of monitoring, as of the latest check. */
  get overhead(): Overhead {
    return this.#overhead.report();
  }

  /** Seconds since this service was created. */
  get uptimeSeconds(): number {
    return Math.round(this.clock.monotonicMs() - this.#startedMs) / 1000;
  }

  /** The gauges of the service, as of the latest check. */
  get gauges(): GaugeReading[] {
    return this.#gauges.readings();
  }

  /** Calls `listener` with each new snapshot and logs its errors. Returns a function that removes the listener. */
  onSnapshot(listener: (snapshot: Snapshot) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last minute of each endpoint. Reads a few at a time, so that requests need not wait for all. */
  async endpoints(): Promise<EndpointSummary[]> {
    const endpoints: EndpointSummary[] = [];
    const each = this.performance.eachEndpoint();
    const readSome = () => {
      for (let n = 0; n < endpointsAtATime; n++) {
        const { value, done } = each.next();
        if (done) return false;
        endpoints.push(value);
      }
      return true;
    };
    while (this.#overhead.during(readSome)) await setImmediate();
    return endpoints;
  }

  /**
   * Adds a number of the service, such as the length of a queue, which each check reads from now on.
   *
   * @throws Failure EB_GAUGE_NAME, EB_GAUGE_INCOMPLETE, EB_GAUGE_DUPLICATE
   */
  gauge(name: string, read: GaugeDeclaration["read"], options: GaugeOptions): void {
    this.#gauges.declare(gauge(name, read, options));
  }

  /** Starts the checks. Resolves when the first one has finished, whatever its result. */
  async start(): Promise<void> {
    if (this.#loop.state === "new") this.#system.start();
    await this.#loop.start();
  }

  /** Stops the checks and closes what they use. Keeps the last snapshot. Cannot be started again. */
  async stop(): Promise<void> {
    const stopped = this.#loop.stop();
    this.#database.close();
    await stopped;
    this.#system.stop();
  }

  async #check(): Promise<boolean> {
    const sampled = this.#gauges.sample();
    const database = await this.#checks.database(this.#snapshot);
    await sampled;
    const endpoints = await this.endpoints();
    if (this.#loop.state !== "stopped") {
      this.#overhead.during(() => {
        this.#snapshot = this.#checks.conclude(
          { database, endpoints, gauges: this.#gauges.readings() },
          this.#snapshot,
        );
        for (const listener of this.#listeners) void this.#notify(listener, this.#snapshot);
      });
      this.#overhead.sample();
    }
    return database.status !== "unhealthy";
  }

  /** Synchronous up to the call. An error of an asynchronous listener would otherwise end the process. */
  async #notify(listener: (snapshot: Snapshot) => unknown, snapshot: Snapshot): Promise<void> {
    try {
      await listener(snapshot);
    } catch (error) {
      this.#log.error({ err: error }, "a listener of the monitoring failed");
    }
  }
}
