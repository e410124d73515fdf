import { expect, test } from "vitest";
import { type HealthInputs, judgeHealth } from "./health-status.ts";

const pool = { size: 10, in_use: 10, waiting: 9 };
const fine: HealthInputs = {
  database: { status: "healthy", response_time_ms: 1, pool, reason: null },
  system: { memory_percent: 90, event_loop_p99_ms: 1_000, event_loop_utilization_percent: 1 },
  performance: { requests: 100, statuses: { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 95, "5xx": 5 } },
};
const slow: HealthInputs["database"] = { status: "degraded", response_time_ms: 1500, pool, reason: "slow" };
const away: HealthInputs["database"] = {
  status: "unhealthy",
  problem: "unreachable" as const,
  response_time_ms: null,
  pool,
  reason: "away",
};
const busy = { memory_percent: 1, event_loop_p99_ms: 0, event_loop_utilization_percent: 99.5 };
const failing = (requests: number) => ({
  requests,
  statuses: { ...fine.performance.statuses, "5xx": requests },
});

test.each<[string, Partial<HealthInputs>, string, string[]]>([
  ["all at its limits", {}, "healthy", []],
  ["a slow database", { database: slow }, "degraded", ["the database is slow: slow"]],
  [
    "a database that is away",
    {
      database: away,
      system: { memory_percent: 95, event_loop_p99_ms: 0, event_loop_utilization_percent: 1 },
    },
    "unhealthy",
    ["the database does not answer: away", "the process occupies 95 % of the memory it may use"],
  ],
  [
    "a pool's worth of requests that wait for the pool",
    { database: { ...fine.database, pool: { ...pool, waiting: 10 } } },
    "degraded",
    ["10 requests wait for one of the 10 connections to the database"],
  ],
  [
    "an event loop that has just become busy",
    { system: busy, before: { event_loop_utilization_percent: 95 } },
    "healthy",
    [],
  ],
  [
    "an event loop that stays busy",
    { system: busy, before: busy },
    "degraded",
    ["the event loop is busy 99.5 % of the time"],
  ],
  [
    "a service that gets no connection",
    { database: { ...away, problem: "pool_exhausted", reason: "all 10 are in use" } },
    "unhealthy",
    ["the service gets no connection to the database: all 10 are in use"],
  ],
  [
    "an event loop that is late",
    { system: { memory_percent: 1, event_loop_p99_ms: 1_000.4, event_loop_utilization_percent: 1 } },
    "degraded",
    ["the event loop is up to 1000 ms late"],
  ],
  [
    "requests that fail on our side",
    { performance: { requests: 100, statuses: { ...fine.performance.statuses, "5xx": 6 } } },
    "degraded",
    ["6 % of the last minute's requests failed on our side"],
  ],
  ["a few requests that all fail", { performance: failing(19) }, "healthy", []],
  ["no requests", { performance: failing(0) }, "healthy", []],
])("%s: %j make it %s", (_, inputs, status, reasons) => {
  expect(judgeHealth({ ...fine, ...inputs })).toEqual({ status, reasons });
});
