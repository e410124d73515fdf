import type { DatabaseHealth, HealthStatus } from "./database-health-checker.ts";
import type { SystemSample } from "./system-metrics.ts";

const highMemoryPercent = 90;

/**
 * What the parts make of the whole: unhealthy when it cannot serve, degraded when it serves badly; with a
 * sentence for each reason.
 */
export const judgeHealth = (
  database: DatabaseHealth,
  system: SystemSample,
): { status: HealthStatus; reasons: string[] } => {
  const reasons: string[] = [];
  if (database.status === "unhealthy") reasons.push(`the database does not answer: ${database.reason}`);
  if (database.status === "degraded") reasons.push(`the database is slow: ${database.reason}`);
  if (system.memory_percent > highMemoryPercent) {
    reasons.push(`the process occupies ${system.memory_percent} % of the memory it may use`);
  }
  if (database.status === "unhealthy") return { status: "unhealthy", reasons };
  return { status: reasons.length > 0 ? "degraded" : "healthy", reasons };
};
