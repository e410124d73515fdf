import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import { within } from "../core/with-timeout.ts";
import type { DatabaseHealth, HealthStatus } from "./database/health-check.ts";
import { judgeHealth } from "./health-status.ts";
import type { EndpointSummary, PerformanceMetrics } from "./requests/request-metrics.ts";
import type { PerformanceSummary } from "./requests/summary.ts";
import { type Overhead, OverheadMeter } from "./system/overhead.ts";
import type { SystemReport, SystemSample } from "./system/sampler.ts";

/** What is known since `taken_at`. Health answers are read from here and wait for nothing. */
export interface Snapshot {
  taken_at: Date;
  status: HealthStatus;
  /** One sentence for each thing that keeps the status from being healthy. */
  reasons: string[];
  database: DatabaseHealth;
  system: SystemSample;
  /** The minute before `taken_at`: all requests, and each endpoint that had some. */
  performance: PerformanceSummary & { endpoints: EndpointSummary[] };
}

/** What the service needs of the database's checker. */
export interface DatabaseProbe {
  check(): Promise<DatabaseHealth>;
  onLost(listener: () => void): void;
  close(): void;
}

/** What the service needs of the system's metrics. */
export interface SystemProbe {
  start(): void;
  sample(): SystemSample;
  report(): SystemReport;
  stop(): void;
}

export interface MonitoringOptions {
  database: DatabaseProbe;
  system: SystemProbe;
  performance: PerformanceMetrics;
  log: Logger;
  clock?: Clock;
  /** From the start of one check to the start of the next. */
  intervalMs?: number;
  /** The same while the database fails, and until it has answered twice in a row. */
  failingIntervalMs?: number;
  /** How long a check may hang before it counts as failed. */
  patienceMs?: number;
}

const answersToSettle = 2;
const endpointsAtATime = 20;

/** Checks at intervals, keeps the latest snapshot and hands each to those who listen. */
export class MonitoringService {
  readonly performance: PerformanceMetrics;
  readonly clock: Clock;
  readonly #database: DatabaseProbe;
  readonly #system: SystemProbe;
  readonly #log: Logger;
  readonly #intervalMs: number;
  readonly #failingIntervalMs: number;
  readonly #patienceMs: number;
  readonly #startedMs: number;
  readonly #overhead: OverheadMeter;
  readonly #listeners = new Set<(snapshot: Snapshot) => unknown>();
  #state: "new" | "running" | "stopped" = "new";
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #checkedAtMs = 0;
  #snapshot: Snapshot | undefined;
  #answersInARow = 0;

  constructor(options: MonitoringOptions) {
    this.performance = options.performance;
    this.#database = options.database;
    this.#system = options.system;
    this.#log = options.log;
    this.clock = options.clock ?? systemClock;
    this.#intervalMs = options.intervalMs ?? 5_000;
    this.#failingIntervalMs = options.failingIntervalMs ?? 1_000;
    this.#patienceMs = options.patienceMs ?? 2_500;
    this.#startedMs = this.clock.monotonicMs();
    this.#overhead = new OverheadMeter({ clock: this.clock, performance: options.performance });
    // Not at once if a check has just begun: a connection that breaks each time must not make a busy loop.
    this.#database.onLost(() => this.#scheduleAfter(this.#failingIntervalMs));
  }

  /** The latest findings; undefined until the first check has finished. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** What is known of the process besides, as of the latest sample. */
  get systemReport(): SystemReport {
    return this.#system.report();
  }

  /** What monitoring itself costs, as of the latest check. */
  get overhead(): Overhead {
    return this.#overhead.report();
  }

  /** Seconds since this service was made. */
  get uptimeSeconds(): number {
    return Math.round(this.clock.monotonicMs() - this.#startedMs) / 1000;
  }

  /** Calls `listener` with each new snapshot; what it throws, later too, is logged. Returns how to end that. */
  onSnapshot(listener: (snapshot: Snapshot) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Each endpoint's last minute, as of now. A few at a time: requests must not wait for all of them. */
  async endpoints(): Promise<EndpointSummary[]> {
    const endpoints: EndpointSummary[] = [];
    const each = this.performance.eachEndpoint();
    const takeSome = () => {
      for (let n = 0; n < endpointsAtATime; n++) {
        const { value, done } = each.next();
        if (done) return false;
        endpoints.push(value);
      }
      return true;
    };
    while (this.#overhead.during(takeSome)) await setImmediate();
    return endpoints;
  }

  /** Begins to check; resolves when the first snapshot is there, however it turned out. */
  async start(): Promise<void> {
    if (this.#state === "new") {
      this.#state = "running";
      this.#system.start();
      this.#checkNow();
    }
    await this.#checking;
  }

  /** Ends all checks and closes what they use; the last snapshot stays. Cannot be started again. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    this.#database.close();
    await this.#checking;
    this.#system.stop();
  }

  #checkNow(): void {
    clearTimeout(this.#timer);
    this.#checkedAtMs = this.clock.monotonicMs();
    this.#checking = this.#check()
      .catch((error) => this.#log.error({ err: error }, "a check of the monitoring failed"))
      .finally(() => {
        this.#checking = undefined;
        const settled = this.#answersInARow >= answersToSettle;
        this.#scheduleAfter(settled ? this.#intervalMs : this.#failingIntervalMs);
      });
  }

  /** The next check begins `ms` after the last one began, or now if that is past. */
  #scheduleAfter(ms: number): void {
    if (this.#state !== "running" || this.#checking) return;
    clearTimeout(this.#timer);
    const waitMs = this.#checkedAtMs + ms - this.clock.monotonicMs();
    this.#timer = setTimeout(() => this.#checkNow(), Math.max(0, waitMs));
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const database = await this.#checkDatabase();
    const endpoints = await this.endpoints();
    if (this.#state === "stopped") return;
    this.#answersInARow = database.status === "unhealthy" ? 0 : this.#answersInARow + 1;
    this.#overhead.during(() => this.#conclude(database, endpoints));
    this.#overhead.sample();
  }

  /** Makes a snapshot and hands it on. Waits for nothing. */
  #conclude(database: DatabaseHealth, endpoints: EndpointSummary[]): void {
    const system = this.#sampleSystem();
    const performance = this.performance.summary();
    const snapshot = {
      taken_at: this.clock.now(),
      ...judgeHealth({ database, system, performance }),
      database,
      system,
      performance: { ...performance, endpoints },
    };
    this.#tellChange(snapshot);
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) void this.#tell(listener, snapshot);
  }

  /** At once, and whatever comes of it: what an asynchronous listener throws would end the process. */
  async #tell(listener: (snapshot: Snapshot) => unknown, snapshot: Snapshot): Promise<void> {
    try {
      await listener(snapshot);
    } catch (error) {
      this.#log.error({ err: error }, "a listener of the monitoring failed");
    }
  }

  async #checkDatabase(): Promise<DatabaseHealth> {
    try {
      return await within(this.#patienceMs, this.#database.check());
    } catch (error) {
      const pool = this.#snapshot?.database.pool ?? { size: 0, in_use: 0, waiting: 0 };
      const reason = messageOf(error);
      return { status: "unhealthy", response_time_ms: null, pool, reason };
    }
  }

  #sampleSystem(): SystemSample {
    try {
      return this.#system.sample();
    } catch (error) {
      this.#log.error({ err: error }, "the system could not be sampled");
      const nothing = { cpu_percent: 0, memory_bytes: 0, memory_percent: 0, event_loop_p99_ms: 0 };
      return this.#snapshot?.system ?? nothing;
    }
  }

  #tellChange({ status, reasons }: Snapshot): void {
    const before = this.#snapshot?.status;
    if (status === before || (before === undefined && status === "healthy")) return;
    const say = status === "healthy" ? "info" : "warn";
    this.#log[say]({ status, before, reasons }, `the service is ${status}`);
  }
}
