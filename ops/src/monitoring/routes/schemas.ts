import { z } from "zod";

/** What the routes about health answer, for validation and for the API's description. */

export const status = z.enum(["healthy", "degraded", "unhealthy"]);

export const health = z.object({
  status,
  timestamp: z.iso.datetime(),
  uptime_seconds: z.number().nonnegative(),
  version: z.string(),
});

const lastError = z.object({
  at: z.iso.datetime(),
  status: z.int(),
  method: z.string(),
  route: z.string(),
  code: z.string().nullable(),
});

export const intervalSummary = z.object({
  window_seconds: z.int(),
  requests: z.int(),
  errors: z.int(),
  error_rate_percent: z.number(),
  requests_per_second: z.number(),
  mean_ms: z.number(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
  max_ms: z.number(),
  percentile_error_percent: z
    .number()
    .describe(
      "How far a percentile of up to 17.9 minutes can lie above the exact one of all requests, plus at most 1 µs; it never lies below.",
    ),
  statuses: z.object({ "1xx": z.int(), "2xx": z.int(), "3xx": z.int(), "4xx": z.int(), "5xx": z.int() }),
});

export const performance = intervalSummary.extend({
  in_flight: z.int(),
  last_error: lastError.nullable(),
});

/** Of the whole fleet: what only one process knows is not in it. */
export const fleetPerformance = intervalSummary.extend({
  fleet: z.object({
    instances: z.int().describe("How many wrote something for the window."),
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    newest: z.iso.datetime().nullable().describe("The end of the newest minute that anybody has written."),
  }),
});

const itsName = { route: z.string(), method: z.string() };
const endpoint = performance.extend(itsName);
const fleetEndpoint = intervalSummary.extend(itsName);

const instance = z.object({
  id: z.uuid(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  started_at: z.iso.datetime(),
  seen_at: z.iso.datetime(),
});

const systemNumbers = z.object({
  cpu_percent: z.number(),
  memory_bytes: z.int(),
  memory_percent: z.number(),
  event_loop_p99_ms: z.number(),
  event_loop_max_ms: z.number(),
  event_loop_utilization_percent: z.number(),
  gc_percent: z.number(),
  gc_longest_ms: z.number(),
  open_handles: z.number(),
});

const system = systemNumbers.extend({
  uptime_seconds: z.int(),
  limits: z.object({ memory_bytes: z.int(), cpus: z.number() }),
  window_seconds: z.int(),
  mean: systemNumbers,
  max: systemNumbers,
});

/** Each null where it could not be found out; `unknown` says why. */
const databaseDetails = z.object({
  taken_at: z.iso.datetime(),
  connections: z.object({ used: z.int(), max: z.int() }).nullable(),
  longest_transaction: z.object({ seconds: z.number(), application: z.string().nullable() }).nullable(),
  lock_waits: z.object({ waiting: z.int(), longest_seconds: z.number() }).nullable(),
  replicas: z
    .array(
      z.object({
        application: z.string(),
        address: z.string().nullable(),
        slot: z.string().nullable(),
        state: z.string(),
        lag_bytes: z.number().nullable(),
        lag_seconds: z.number().nullable(),
      }),
    )
    .nullable(),
  size_bytes: z.number().nullable(),
  unknown: z.array(z.object({ detail: z.string(), reason: z.string() })),
});

const collection = z.object({
  table: z.string(),
  rows: z.number().nullable(),
  estimate: z.boolean().describe("Whether the rows are what the database's statistics say, and not counted."),
  bytes: z.number(),
});

export const detailedHealth = health.extend({
  reasons: z.array(z.string()),
  checked_at: z.iso.datetime().nullable(),
  database: z
    .object({
      status,
      response_time_ms: z.number().nullable(),
      pool: z.object({ size: z.int(), in_use: z.int(), waiting: z.int() }),
      details: databaseDetails.nullable(),
    })
    .nullable(),
  system: system.nullable(),
  performance: z.union([performance, fleetPerformance]),
});

const activeAlerts = z.object({
  active: z.int(),
  firing: z
    .array(
      z.object({
        id: z.string(),
        type: z.string(),
        severity: z.string(),
        message: z.string(),
        fired_at: z.iso.datetime(),
      }),
    )
    .describe("The latest hundred."),
});

export const diagnostics = detailedHealth.extend({
  endpoints: z.array(z.union([endpoint, fleetEndpoint])),
  instances: z.array(instance).optional().describe("The living; with scope=fleet."),
  alerts: activeAlerts,
  followers: z
    .array(
      z.object({ name: z.string(), version: z.int(), seen_at: z.iso.datetime(), following: z.boolean() }),
    )
    .nullable()
    .describe(
      "The instances that follow which changes are applied; null while the database does not answer.",
    ),
  collections: z.array(collection),
  overhead: z.object({
    cpu_percent: z.number(),
    memory_bytes: z.number(),
    seconds_per_request: z.number(),
  }),
});
