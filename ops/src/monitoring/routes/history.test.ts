import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { startProcess } from "../../../../test/support/fleet.ts";
import { Failure } from "../../core/failure.ts";
import { createLogger } from "../../core/logger.ts";
import { closeMonitoringPool, createMonitoringPool, onConnection } from "../../database/monitoring-pool.ts";
import { problems } from "../../http/problems.ts";
import { DatabaseHealthChecker } from "../database/health-check.ts";
import { applyRetention } from "../fleet/retention.ts";
import { MonitoringService } from "../service.ts";
import { SystemMetrics } from "../system/sampler.ts";
import { fleetRoutes } from "./fleet.ts";
import { healthRoutes } from "./health.ts";

const hourMs = 3_600_000;
const begin = new Date((Math.floor(Date.now() / hourMs) - 4) * hourMs);
const clock = new StandingClock(begin.toISOString());
const minutesLater = (minutes: number) => new Date(begin.getTime() + minutes * 60_000).toISOString();

let database: TestDatabase;
let pool: pg.Pool;
let monitoring: MonitoringService;
let here: ReturnType<typeof startProcess>;
let elsewhere: ReturnType<typeof startProcess>;
let app: FastifyInstance;
let lonely: FastifyInstance;

const operatorOnly = async ({ headers }: { headers: Record<string, unknown> }) => {
  if (headers.authorization !== "Bearer operator")
    throw new Failure("EB_NO_LOGIN", 401, "No login.", "Log in.");
};

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createMonitoringPool(database.pool);
  here = startProcess(pool, clock);
  elsewhere = startProcess(pool, clock);
  monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool: database.pool }),
    system: new SystemMetrics({ clock }),
    performance: here.performance,
    log: createLogger("silent"),
    clock,
  });
  await monitoring.start();
  here.performance.endpoint("GET", "/orders").record(200, 10);
  elsewhere.performance.endpoint("GET", "/orders").record(500, 30);
  elsewhere.performance.endpoint("POST", "/orders").record(201, 50);
  clock.set(minutesLater(1));
  await here.allWritten();
  await elsewhere.allWritten();
  // The first has not heard of the second yet.
  clock.advanceMs(15_000);
  here.check();
  await vi.waitUntil(() => here.fleet.living.length === 2, { timeout: 10_000 });

  const options = { monitoring, version: "1.2.3", firingAlerts: () => [], operatorOnly };
  const start = async (fleet?: typeof here.fleet) => {
    const started = fastify();
    started.setValidatorCompiler(validatorCompiler);
    started.setSerializerCompiler(serializerCompiler);
    await started.register(problems, { isDatabaseUnavailable: () => false });
    await started.register(healthRoutes, { ...options, fleet });
    if (fleet) await started.register(fleetRoutes, { fleet, clock, operatorOnly });
    return started;
  };
  app = await start(here.fleet);
  lonely = await start();
});

afterAll(async () => {
  await app.close();
  await lonely.close();
  await monitoring.stop();
  await here.fleet.stop();
  await elsewhere.fleet.stop();
  await closeMonitoringPool(pool);
  await database.drop();
});

const get = async (url: string, of = app) => {
  const answer = await of.inject({ url, headers: { authorization: "Bearer operator" } });
  return { status: answer.statusCode, body: answer.json() };
};

test("with scope=fleet, metrics cover all instances and report their number", async () => {
  expect((await get("/api/health/metrics?scope=fleet")).body).toMatchObject({
    window_seconds: 60,
    requests: 3,
    errors: 1,
    max_ms: 50,
    fleet: { instances: 2, from: minutesLater(0), until: minutesLater(1) },
  });
  expect((await get("/api/health/metrics?scope=fleet&window=1h")).body).toMatchObject({ requests: 3 });
  expect((await get("/api/health/metrics?window=5m")).body).toMatchObject({ requests: 1, in_flight: 0 });
});

test("detailed health with scope=fleet has the requests of all instances and the process of this one", async () => {
  const { status, body } = await get("/api/health/detailed?scope=fleet");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    database: { status: "healthy" },
    performance: { requests: 3, fleet: { instances: 2 } },
  });
  expect((await get("/api/health/detailed")).body.performance).not.toHaveProperty("fleet");
});

test("diagnostics with scope=fleet have the endpoints of all instances and the live instances", async () => {
  const { status, body } = await get("/api/health/diagnostics?scope=fleet");
  expect(status).toBe(200);
  expect(body.performance).toMatchObject({ requests: 3, fleet: { instances: 2 } });
  expect(body.endpoints).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ method: "GET", route: "/orders", requests: 2, errors: 1, max_ms: 30 }),
      expect.objectContaining({ method: "POST", route: "/orders", requests: 1, errors: 0, max_ms: 50 }),
    ]),
  );
  expect(body.instances).toHaveLength(2);
  expect(body.instances).toContainEqual(expect.objectContaining({ id: elsewhere.fleet.instanceId }));
  expect((await get("/api/health/diagnostics")).body).not.toHaveProperty("instances");
});

test("the history of the last hour is by the minute, unless requested otherwise", async () => {
  expect((await get("/api/health/history?route=/orders")).body).toMatchObject({
    resolution: "minute",
    to: clock.now().toISOString(),
    points: [{ at: minutesLater(0), requests: 3, errors: 1 }],
  });
  const query = new URLSearchParams({ route: "/orders", method: "POST", from: minutesLater(-60) });
  expect((await get(`/api/health/history?${query}`)).body.points).toMatchObject([{ requests: 1 }]);
  const days = new URLSearchParams({ from: minutesLater(-60 * 48), to: minutesLater(0) });
  expect((await get(`/api/health/history?${days}`)).body).toMatchObject({ resolution: "hour", points: [] });
});

test("an hour whose minutes have expired is by the hour, unless requested otherwise", async () => {
  const daysAgo = (days: number) => minutesLater(-60 * 24 * days);
  const resolutionOf = async (query: Record<string, string>) =>
    (await get(`/api/health/history?${new URLSearchParams(query)}`)).body.resolution;
  expect(await resolutionOf({ from: daysAgo(7), to: daysAgo(6) })).toBe("hour");
  expect(await resolutionOf({ to: daysAgo(7) })).toBe("hour");
  expect(await resolutionOf({ from: daysAgo(7), to: daysAgo(6), resolution: "minute" })).toBe("minute");
  expect(await resolutionOf({ from: daysAgo(2.9), to: daysAgo(2) })).toBe("minute");
});

test("series have one column for each metric, and null where nothing was recorded", async () => {
  const query = new URLSearchParams({
    metrics: "requests,p99_ms,cpu_percent,database_ping_ms",
    from: minutesLater(0),
    to: minutesLater(2),
  });
  expect((await get(`/api/health/series?${query}`)).body).toEqual({
    from: minutesLater(0),
    to: minutesLater(2),
    step_seconds: 60,
    times: [0, 1].map((minutes) => begin.getTime() / 1000 + 60 * minutes),
    series: {
      requests: [3, null],
      p99_ms: [50, null],
      cpu_percent: [null, null],
      database_ping_ms: [null, null],
    },
  });
  expect((await get(`/api/health/series?${query}&route=/orders&method=POST`)).body.series).toMatchObject({
    requests: [1, null],
  });
});

test("errors are counted on all instances, as soon as they happen", async () => {
  const failed = { route: "/orders", method: "POST", status: 422, code: "EB_FULL", step: 27 };
  elsewhere.fleet.recordError(failed);
  elsewhere.check();
  here.fleet.recordError(failed);
  here.fleet.recordError({ ...failed, status: 502, code: null, step: null });
  await vi.waitUntil(async () => (await get("/api/health/errors")).body.errors[0].count === 2, 10_000);
  const at = clock.now().toISOString();
  expect((await get("/api/health/errors?window=5m")).body).toEqual({
    from: minutesLater(-4),
    to: at,
    scope: "fleet",
    errors: [
      { ...failed, count: 2, first: at, last: at },
      { ...failed, status: 502, code: null, step: null, count: 1, first: at, last: at },
    ],
  });
});

test("errors can be read for a route and a period", async () => {
  const of = async (query: Record<string, string>) =>
    (await get(`/api/health/errors?${new URLSearchParams(query)}`)).body.errors.length;
  expect(await of({ route: "/orders", method: "POST", from: minutesLater(0) })).toBe(2);
  expect(await of({ route: "/orders", method: "GET" })).toBe(0);
  expect(await of({ from: minutesLater(-60), to: minutesLater(-1) })).toBe(0);
});

test("all routes of a period have their percentiles and their requests over time, merged hours included", async () => {
  const routes = (query: Record<string, string>) =>
    get(`/api/health/routes?${new URLSearchParams({ from: minutesLater(0), ...query })}`);
  const expected = [
    {
      method: "GET",
      route: "/orders",
      requests: 2,
      errors: 1,
      p50_ms: expect.closeTo(10, 0),
      max_ms: 30,
      requests_per_second: 0.033,
    },
    { method: "POST", route: "/orders", requests: 1, errors: 0, p50_ms: 50 },
  ];
  const { body } = await routes({ to: minutesLater(3), points: "3" });
  expect(body).toMatchObject({ step_seconds: 60, routes: expected });
  expect(body.routes.map((route: { requests_by_point: number[] }) => route.requests_by_point)).toEqual([
    [2, 0, 0],
    [1, 0, 0],
  ]);
  expect(body.routes[0].errors_by_point).toEqual([1, 0, 0]);
  // An instance may be merging at the same time; what it leaves is due again.
  await vi.waitUntil(
    async () => {
      await onConnection(pool, applyRetention);
      const { rows } = await database.pool.query("select from earlybird.metric_hours_due");
      return rows.length === 0;
    },
    { timeout: 10_000 },
  );
  // A merged hour counts where it lies within the period as a whole; its minutes count elsewhere.
  for (const to of [minutesLater(60), minutesLater(59)])
    expect((await routes({ to })).body.routes).toMatchObject(expected);
  expect((await routes({ to: minutesLater(25 * 60) })).body).toMatchObject({
    step_seconds: 3_600,
    routes: [{ requests: 2, p50_ms: expected[0]?.p50_ms }, { requests: 1 }],
  });
  expect((await routes({ to: minutesLater(0), from: "2020-01-01T00:00:00Z" })).body.routes).toEqual([]);
});

test("the requests since a moment are counted for each route and in total", async () => {
  const since = (query: Record<string, string>) => get(`/api/health/since?${new URLSearchParams(query)}`);
  await since({ at: minutesLater(0) });
  const at = clock.now().toISOString();
  here.performance.endpoint("GET", "/orders").record(200, 10);
  here.performance.endpoint("GET", "/orders").record(200, 20);
  here.performance.endpoint("POST", "/orders").record(503, 30);
  clock.advanceMs(2_000);
  expect((await since({ at })).body).toEqual({
    at,
    until: clock.now().toISOString(),
    precision: "seconds",
    ...{
      requests: 3,
      errors: 1,
      mean_ms: 20,
      statuses: { "1xx": 0, "2xx": 2, "3xx": 0, "4xx": 0, "5xx": 1 },
    },
    routes: [
      expect.objectContaining({ method: "GET", requests: 2, mean_ms: 15 }),
      expect.objectContaining({ method: "POST", requests: 1, errors: 1 }),
    ],
  });
  expect((await since({ at, route: "/orders", method: "POST" })).body).toMatchObject({ requests: 1 });
  expect((await since({ at, route: "/customers" })).body).toMatchObject({ mean_ms: 0, until: null });
});

test.each([
  ["/api/health/metrics?scope=world", "EB_INVALID_REQUEST"],
  ["/api/health/history?from=yesterday", "EB_INVALID_REQUEST"],
  ["/api/health/history?resolution=second", "EB_INVALID_REQUEST"],
  ["/api/health/history?method=GET", "EB_INVALID_REQUEST"],
  ["/api/health/errors?window=1d", "EB_INVALID_REQUEST"],
  ["/api/health/routes?points=1000", "EB_INVALID_REQUEST"],
  ["/api/health/since", "EB_INVALID_REQUEST"],
  ["/api/health/since?at=2020-01-01T00:00:00Z", "EB_HISTORY_TOO_LONG"],
  ["/api/health/series", "EB_INVALID_REQUEST"],
  ["/api/health/series?metrics=requests,weather", "EB_INVALID_REQUEST"],
  ["/api/health/series?metrics=requests&points=0", "EB_INVALID_REQUEST"],
  ["/api/health/series?metrics=requests&method=GET", "EB_INVALID_REQUEST"],
  ["/api/health/detailed?scope=world", "EB_INVALID_REQUEST"],
  ["/api/health/history?resolution=minute&from=2020-01-01T00:00:00Z", "EB_HISTORY_TOO_LONG"],
])("%s is a bad request", async (url, code) => {
  expect(await get(url)).toMatchObject({ status: 400, body: { code } });
});

test.each([
  "/api/health/detailed?scope=fleet",
  "/api/health/metrics?scope=fleet",
  "/api/health/diagnostics?scope=fleet",
  "/api/health/errors",
  "/api/health/since?at=2026-03-10T03:15:00Z",
  "/api/health/history",
  "/api/health/series?metrics=requests",
  "/api/health/routes",
])("%s requires a login", async (url) => {
  expect((await app.inject(url)).statusCode).toBe(401);
});

test("a service without a fleet refuses scope=fleet", async () => {
  expect(await get("/api/health/metrics?scope=fleet", lonely)).toMatchObject({
    status: 404,
    body: { code: "EB_NO_FLEET", remedy: expect.stringContaining("scope=fleet") },
  });
});
