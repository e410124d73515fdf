import type { DatabaseHealth, HealthStatus } from "./database/health-check.ts";
import type { PerformanceSummary } from "./requests/summary.ts";
import type { SystemSample } from "./system/report.ts";

const highMemoryPercent = 90;
const lateEventLoopMs = 1_000;
/** Almost no time is left for further requests. */
const busyEventLoopPercent = 95;
const manyFailuresPercent = 5;
/** With fewer requests, the error rate is not significant. */
const minRequests = 20;

/** What the status depends on. */
export interface HealthInputs {
  database: DatabaseHealth;
  system: Pick<SystemSample, "memory_percent" | "event_loop_p99_ms" | "event_loop_utilization_percent">;
  /** The previous sample: a short time without pause, as at the start, is normal. */
  before?: Pick<SystemSample, "event_loop_utilization_percent"> | undefined;
  /** Of the last minute. */
  performance: Pick<PerformanceSummary, "requests" | "statuses">;
}

/** Unhealthy if the service cannot serve, degraded if it serves badly; with a sentence for each reason. */
export const judgeHealth = (inputs: HealthInputs): { status: HealthStatus; reasons: string[] } => {
  const { database } = inputs;
  const reasons = [...databaseReasons(database), ...processReasons(inputs)];
  if (database.status === "unhealthy") return { status: "unhealthy", reasons };
  return { status: reasons.length > 0 ? "degraded" : "healthy", reasons };
};

function* databaseReasons(database: DatabaseHealth): Generator<string> {
  const { status, reason, pool } = database;
  if (status === "degraded") yield `the database is slow: ${reason}`;
  if (status === "unhealthy") {
    yield database.problem === "unreachable"
      ? `the database does not answer: ${reason}`
      : `the service gets no connection to the database: ${reason}`;
    return;
  }
  // A few waiting requests are normal; as many as there are connections mean a long wait.
  if (pool.size > 0 && pool.waiting >= pool.size) {
    yield `${pool.waiting} requests wait for one of the ${pool.size} connections to the database`;
  }
}

function* processReasons({
  system,
  before,
  performance: { requests, statuses },
}: HealthInputs): Generator<string> {
  if (system.memory_percent > highMemoryPercent) {
    yield `the process occupies ${system.memory_percent} % of the memory it may use`;
  }
  if (system.event_loop_p99_ms > lateEventLoopMs) {
    yield `the event loop is up to ${Math.round(system.event_loop_p99_ms)} ms late`;
  }
  const { event_loop_utilization_percent: busyPercent } = system;
  if (Math.min(busyPercent, before?.event_loop_utilization_percent ?? 0) > busyEventLoopPercent) {
    yield `the event loop is busy ${busyPercent} % of the time`;
  }
  const failedPercent = (100 * statuses["5xx"]) / requests;
  if (requests >= minRequests && failedPercent > manyFailuresPercent) {
    yield `${Math.round(failedPercent)} % of the last minute's requests failed on our side`;
  }
}
