import type pg from "pg";
import { vi } from "vitest";
import { createLogger } from "../../ops/src/lib/log.ts";
import { Fleet } from "../../ops/src/monitoring/fleet/fleet.ts";
import { PerformanceMetrics } from "../../ops/src/monitoring/performance-metrics.ts";
import type { StandingClock } from "./clock.ts";

const log = createLogger("silent");

/** A process of the service that records what the test says, and takes a snapshot when it says so. */
export const startProcess = (pool: pg.Pool, clock: StandingClock) => {
  const performance = new PerformanceMetrics({ clock });
  const fleet = new Fleet({ pool, performance, log, clock, version: "1.2.3" });
  let listener = (_: { database: { status: string } }) => {};
  fleet.watch({
    onSnapshot: (given) => {
      listener = given;
      return () => {
        listener = () => {};
      };
    },
  });
  const check = (status = "healthy") => listener({ database: { status } });
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
