import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import { withTimeout } from "../core/with-timeout.ts";
import type { DatabaseHealth } from "./database/health-check.ts";
import type { GaugeReading } from "./gauge.ts";
import { judgeHealth } from "./health-status.ts";
import type { EndpointSummary, PerformanceMetrics } from "./requests/request-metrics.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SystemReport, SystemSample } from "./system/report.ts";

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

/** The measurements of one check. */
interface Measured {
  database: DatabaseHealth;
  endpoints: EndpointSummary[];
  gauges: GaugeReading[];
}

interface HealthCheckOptions {
  database: DatabaseProbe;
  system: SystemProbe;
  performance: PerformanceMetrics;
  log: Logger;
  clock: Clock;
  patienceMs: number;
}

const nothingSampled: SystemSample = {
  cpu_percent: 0,
  memory_bytes: 0,
  memory_percent: 0,
  event_loop_p99_ms: 0,
  event_loop_utilization_percent: 0,
};

/** Turns the state of database, process and requests into a {@link Snapshot}. A failing probe does not end the checks. */
export class HealthChecks {
  readonly #options: HealthCheckOptions;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async database(before: Snapshot | undefined): Promise<DatabaseHealth> {
    const { database, patienceMs } = this.#options;
    try {
      return await withTimeout(patienceMs, database.check());
    } catch (error) {
      const pool = before?.database.pool ?? { size: 0, in_use: 0, waiting: 0 };
      const reason = messageOf(error);
      return { status: "unhealthy", problem: "unreachable", response_time_ms: null, pool, reason };
    }
  }

  /** Takes the snapshot after `before`, and logs a change of status. Synchronous. */
  conclude({ database, endpoints, gauges }: Measured, before: Snapshot | undefined): Snapshot {
    const system = this.#sampleSystem(before);
    const performance = this.#options.performance.summary();
    const snapshot = {
      taken_at: this.#options.clock.now(),
      ...judgeHealth({ database, system, before: before?.system, performance }),
      database,
      system,
      performance: { ...performance, endpoints },
      gauges,
    };
    this.#logChange(snapshot, before?.status);
    return snapshot;
  }

  #sampleSystem(before: Snapshot | undefined): SystemSample {
    try {
      return this.#options.system.sample();
    } catch (error) {
      this.#options.log.error({ err: error }, "the system could not be sampled");
      return before?.system ?? nothingSampled;
    }
  }

  #logChange({ status, reasons }: Snapshot, before: Snapshot["status"] | undefined): void {
    if (status === before || (before === undefined && status === "healthy")) return;
    const level = status === "healthy" ? "info" : "warn";
    this.#options.log[level]({ status, before, reasons }, `the service is ${status}`);
  }
}
