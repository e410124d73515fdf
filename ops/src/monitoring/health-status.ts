import type { DatabaseHealth, HealthStatus } from "./database/health-check.ts";
import type { PerformanceSummary } from "./requests/summary.ts";
import type { SystemSample } from "./system/sampler.ts";

const highMemoryPercent = 90;
const lateEventLoopMs = 1_000;
const manyFailuresPercent = 5;
/** Fewer requests say nothing of how many fail. */
const fewestRequests = 20;

/** What the whole is judged by. */
export interface Findings {
  database: DatabaseHealth;
  system: Pick<SystemSample, "memory_percent" | "event_loop_p99_ms">;
  /** Of the last minute. */
  performance: Pick<PerformanceSummary, "requests" | "statuses">;
}

/**
 * What the parts make of the whole: unhealthy when it cannot serve, degraded when it serves badly; with a
 * sentence for each reason.
 */
export const judgeHealth = (findings: Findings): { status: HealthStatus; reasons: string[] } => {
  const { database } = findings;
  const reasons = [...databaseReasons(database), ...processReasons(findings)];
  if (database.status === "unhealthy") return { status: "unhealthy", reasons };
  return { status: reasons.length > 0 ? "degraded" : "healthy", reasons };
};

function* databaseReasons({ status, reason, pool }: DatabaseHealth): Generator<string> {
  if (status === "unhealthy") yield `the database does not answer: ${reason}`;
  if (status === "degraded") yield `the database is slow: ${reason}`;
  // A few may wait for a moment on a good day; as many as there are connections wait for long.
  if (pool.size > 0 && pool.waiting >= pool.size) {
    yield `${pool.waiting} requests wait for one of the ${pool.size} connections to the database`;
  }
}

function* processReasons({ system, performance: { requests, statuses } }: Findings): Generator<string> {
  if (system.memory_percent > highMemoryPercent) {
    yield `the process occupies ${system.memory_percent} % of the memory it may use`;
  }
  if (system.event_loop_p99_ms > lateEventLoopMs) {
    yield `the event loop is up to ${Math.round(system.event_loop_p99_ms)} ms late`;
  }
  const failedPercent = (100 * statuses["5xx"]) / requests;
  if (requests >= fewestRequests && failedPercent > manyFailuresPercent) {
    yield `${Math.round(failedPercent)} % of the last minute's requests failed on our side`;
  }
}
