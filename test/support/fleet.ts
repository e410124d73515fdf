import type pg from "pg";
import { vi } from "vitest";
import { createLogger } from "../../ops/src/core/logger.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../ops/src/database/monitoring-pool.ts";
import type { DatabaseHealth } from "../../ops/src/monitoring/database/health-check.ts";
import { Fleet } from "../../ops/src/monitoring/fleet/fleet.ts";
import type { GaugeSnapshot } from "../../ops/src/monitoring/fleet/gauges.ts";
import { PerformanceMetrics } from "../../ops/src/monitoring/requests/request-metrics.ts";
import type { SystemSample } from "../../ops/src/monitoring/system/report.ts";
import type { StandingClock } from "./clock.ts";
import { createTestDatabase } from "./database.ts";

const log = createLogger("silent");

const hourMs = 3_600_000;
/** Today, at an hour that has passed: what is older than three days would not be kept. */
export const earlierTodayMs = (Math.floor(Date.now() / hourMs) - 4) * hourMs;

const pool = { size: 10, in_use: 0, waiting: 0 };
export const healthyDatabase = {
  status: "healthy",
  response_time_ms: 1,
  reason: null,
  pool,
} as const satisfies DatabaseHealth;
export const unhealthyDatabase: DatabaseHealth = {
  status: "unhealthy",
  problem: "unreachable",
  response_time_ms: null,
  reason: "It does not answer.",
  pool,
};
const idleSystem: SystemSample = {
  cpu_percent: 0,
  memory_bytes: 1_000_000,
  memory_percent: 1,
  event_loop_p99_ms: 0,
  event_loop_utilization_percent: 0,
};

/** A database that processes meet in, and the pool that they watch it through. */
export const createFleetDatabase = async () => {
  const database = await createTestDatabase();
  const pool = createMonitoringPool(database.pool);
  const drop = async () => {
    await closeMonitoringPool(pool);
    await database.drop();
  };
  return { pool, drop };
};

/** A process of the service that records what the test says, and takes a snapshot when it says so. */
export const startProcess = (pool: pg.Pool, clock: StandingClock) => {
  const performance = new PerformanceMetrics({ clock });
  const fleet = new Fleet({ pool, performance, log, clock, version: "1.2.3" });
  let listener = (_: GaugeSnapshot) => {};
  fleet.watch({
    onSnapshot: (given) => {
      listener = given;
      return () => {
        listener = () => {};
      };
    },
  });
  const check = (database: DatabaseHealth = healthyDatabase, system: Partial<SystemSample> = {}) =>
    listener({ database, system: { ...idleSystem, ...system } });
  const allWritten = () =>
    vi.waitUntil(
      () => {
        check();
        return fleet.waiting === 0;
      },
      { timeout: 10_000 },
    );
  return { performance, fleet, check, allWritten };
};
