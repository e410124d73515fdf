import { z } from "zod";
import { databaseProblem, poolUse } from "../database/connection-shortage.ts";
import { databaseStatus, healthStatus } from "../database/health-check.ts";
import { databaseDetails } from "../database/server-stats.ts";
import { collection } from "../database/table-sizes.ts";
import { fleetEndpoint, fleetPerformance } from "../fleet/fleet-summary.ts";
import { instance } from "../fleet/instances.ts";
import { gaugeReading } from "../gauge.ts";
import { type PerformanceWindow, performanceSummary, performanceWindows } from "../requests/summary.ts";
import { overhead } from "../system/overhead.ts";
import { systemReport } from "../system/report.ts";

const windows = Object.keys(performanceWindows) as [PerformanceWindow, ...PerformanceWindow[]];

export const scopeQuery = z.strictObject({
  scope: z
    .enum(["instance", "fleet"])
    .default("instance")
    .describe("fleet: all instances, by their minutes in the database."),
});
export const windowQuery = scopeQuery.extend({ window: z.enum(windows).default("1m") });

export const health = z.object({
  status: healthStatus,
  timestamp: z.iso.datetime(),
  uptime_seconds: z.number().nonnegative(),
  version: z.string(),
});

export const performance = z.union([performanceSummary, fleetPerformance]);

export const detailedHealth = health.extend({
  reasons: z.array(z.string()),
  checked_at: z.iso.datetime().nullable(),
  database: z
    .object({
      status: databaseStatus.describe("not_configured: the service has no database."),
      problem: databaseProblem
        .nullable()
        .describe(
          "Why it is unhealthy: pings fail, or the service gets no connection although they succeed.",
        ),
      response_time_ms: z.number().nullable(),
      pool: poolUse,
      details: databaseDetails.omit({ collections: true }).nullable(),
    })
    .nullable(),
  system: systemReport.nullable(),
  performance,
  gauges: z.array(gaugeReading).describe("Numbers that the service declares."),
});

const firingAlert = z.object({
  id: z.string(),
  type: z.string(),
  severity: z.string(),
  message: z.string(),
  fired_at: z.iso.datetime(),
});
export type FiringAlert = z.infer<typeof firingAlert>;

/** An instance, and whether it has the latest state of the reversible changes. */
const follower = z.object({
  name: z.string(),
  version: z.int(),
  seen_at: z.iso.datetime(),
  following: z.boolean(),
});
export type Follower = z.infer<typeof follower>;

export const diagnostics = detailedHealth.extend({
  endpoints: z.array(
    z.union([
      performanceSummary.extend({
        route: z.string(),
        method: z.string(),
        excluded_from_rates: z
          .boolean()
          .describe("Whether its requests count only here, not in rates, alert rules and the status."),
      }),
      fleetEndpoint,
    ]),
  ),
  instances: z.array(instance).optional().describe("The live instances; with scope=fleet."),
  alerts: z.object({
    active: z.int(),
    firing: z.array(firingAlert).describe("The latest hundred."),
  }),
  followers: z
    .array(follower)
    .nullable()
    .describe("The instances that follow the reversible changes; null while the database is unavailable."),
  collections: z.array(collection),
  overhead,
});
