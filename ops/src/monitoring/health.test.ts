import { expect, test } from "vitest";
import type { DatabaseHealth } from "./database-health-checker.ts";
import { judgeHealth } from "./health.ts";

const pool = { size: 10, in_use: 0, waiting: 0 };
const fast: DatabaseHealth = { status: "healthy", response_time_ms: 1, pool, reason: null };
const slow: DatabaseHealth = { status: "degraded", response_time_ms: 1500, pool, reason: "slow" };
const away: DatabaseHealth = { status: "unhealthy", response_time_ms: null, pool, reason: "away" };

test.each([
  { database: fast, memoryPercent: 90, status: "healthy", reasons: 0 },
  { database: fast, memoryPercent: 90.1, status: "degraded", reasons: 1 },
  { database: slow, memoryPercent: 10, status: "degraded", reasons: 1 },
  { database: slow, memoryPercent: 95, status: "degraded", reasons: 2 },
  { database: away, memoryPercent: 95, status: "unhealthy", reasons: 2 },
])(
  "a $database.status database and $memoryPercent % of memory make it $status",
  ({ database, memoryPercent, status, reasons }) => {
    const system = { cpu_percent: 1, memory_bytes: 1, memory_percent: memoryPercent, event_loop_p99_ms: 0 };
    const judged = judgeHealth(database, system);
    expect(judged.status).toBe(status);
    expect(judged.reasons).toHaveLength(reasons);
  },
);
