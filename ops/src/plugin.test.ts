import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance, type RouteOptions } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAlerts } from "../../test/support/alerts.ts";
import { logLines } from "../../test/support/log-lines.ts";
import type { AlertManager, NotificationDispatcher } from "./alerts/index.ts";
import { createPool } from "./database/pool.ts";
import earlybird, { type Authorize, Failure, problems } from "./index.ts";
import {
  closeMonitoringPool,
  createMonitoringPool,
  type DatabaseHealth,
  Fleet,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "./monitoring/index.ts";
import { readSettings } from "./settings/settings.ts";
import { settingsReport } from "./settings/settings-report.ts";

const pool = { size: 10, in_use: 2, waiting: 0 };
const answering: DatabaseHealth = { status: "healthy", response_time_ms: 1.5, pool, reason: null };
const away: DatabaseHealth = {
  status: "unhealthy",
  problem: "unreachable" as const,
  response_time_ms: null,
  pool,
  reason: "connect ECONNREFUSED 10.0.0.7:5432",
};

const { log } = logLines();

let database: DatabaseHealth;
let monitoring: MonitoringService;
let alerts: AlertManager;
let dispatcher: NotificationDispatcher;
let stop: () => Promise<void>;
let app: FastifyInstance;
let described: RouteOptions[];

/** Knows two people by their bearer token. */
const authorize: Authorize = async ({ headers }, role) => {
  if (headers.authorization === `Bearer ${role}`) return { id: "usr_1", name: "Asha" };
  if (headers.authorization === undefined) throw new Failure("EB_NO_LOGIN", 401, "No login.", "Log in.");
  throw new Failure("EB_NO_RIGHT", 403, "No right.", "Ask an admin.");
};

beforeEach(async () => {
  database = answering;
  monitoring = new MonitoringService({
    database: { check: async () => database, onLost: () => {}, close: () => {} },
    system: new SystemMetrics(),
    performance: new PerformanceMetrics(),
    log,
    failingIntervalMs: 10,
    intervalMs: 10,
  });
  ({ alerts, dispatcher, stop } = await createAlerts());
  alerts.watch(monitoring);
  app = fastify();
  described = [];
  app.addHook("onRoute", (route) => void described.push(route));
  await app.register(problems, { isDatabaseUnavailable: () => false });
  await app.register(earlybird, { monitoring, alerts, dispatcher, authorize, version: "1.2.3" });
  app.get("/orders/:id", async () => ({ milk: true }));
  app.get("/slow", async (_, reply) => {
    reply.code(500);
    return sleep(200, {});
  });
  app.get("/broken", async () => {
    throw new Error("broken");
  });
});

afterEach(async () => {
  await stop();
  await monitoring.stop();
  await app.close();
});

const get = async (url: string, token?: string) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await app.inject({ url, headers });
  return { status: answer.statusCode, type: answer.headers["content-type"], body: answer.json() };
};

const outage = async () => {
  database = away;
  await expect.poll(() => alerts.active()).toHaveLength(1);
};

describe("without login", () => {
  test("/livez answers before anything was checked and while the database is away", async () => {
    expect(await get("/livez")).toMatchObject({ status: 200, body: { status: "alive" } });
    await monitoring.start();
    await outage();
    expect(await get("/livez")).toMatchObject({ status: 200, body: { status: "alive" } });
  });

  test("/readyz is ready once the database has answered, and not while it is away", async () => {
    expect(await get("/readyz")).toMatchObject({ status: 503, body: { code: "EB_NOT_READY" } });
    await monitoring.start();
    expect(await get("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
    await outage();
    const refused = await get("/readyz");
    expect(refused).toMatchObject({
      status: 503,
      body: { code: "EB_NOT_READY", remedy: expect.any(String) },
    });
    expect(refused.type).toContain("application/problem+json");
    expect(JSON.stringify(refused.body)).not.toContain("10.0.0.7");
  });

  test("/api/health tells four things and no more, and 503 when unhealthy", async () => {
    expect(await get("/api/health")).toMatchObject({ status: 503, body: { status: "unhealthy" } });
    await monitoring.start();
    const healthy = await get("/api/health");
    expect(healthy.status).toBe(200);
    expect(healthy.body).toEqual({
      status: "healthy",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      uptime_seconds: expect.any(Number),
      version: "1.2.3",
    });
    await outage();
    const unhealthy = await get("/api/health");
    expect(unhealthy.status).toBe(503);
    expect(Object.keys(unhealthy.body)).toEqual(Object.keys(healthy.body));
  });

  test("a degraded service reports it and still serves", async () => {
    database = { status: "degraded", response_time_ms: 1500, pool, reason: "slow" };
    await monitoring.start();
    expect(await get("/api/health")).toMatchObject({ status: 200, body: { status: "degraded" } });
    expect((await get("/readyz")).status).toBe(200);
  });
});

describe("operators' routes", () => {
  const routes = [
    "/api/health/detailed",
    "/api/health/metrics",
    "/api/health/diagnostics",
    "/api/alerts/active",
    "/api/alerts/history",
  ];

  test.each(routes)("%s wants a login, and the right one", async (route) => {
    await monitoring.start();
    expect(await get(route)).toMatchObject({ status: 401, body: { code: "EB_NO_LOGIN" } });
    expect(await get(route, "customer")).toMatchObject({ status: 403, body: { code: "EB_NO_RIGHT" } });
    expect((await get(route, "operator")).status).toBe(200);
  });

  test.each([...routes, "/api/health", "/livez", "/readyz"])(
    "%s answers JSON, and says so",
    async (route) => {
      await monitoring.start();
      expect((await get(route, "operator")).type).toBe("application/json; charset=utf-8");
    },
  );

  test("the refusal comes before the request is looked at", async () => {
    expect((await get("/api/health/metrics?window=no")).status).toBe(401);
  });

  test("/api/health/detailed adds database, system and performance, with reasons", async () => {
    await monitoring.start();
    await get("/orders/1");
    const { body } = await get("/api/health/detailed", "operator");
    expect(body).toMatchObject({
      status: "healthy",
      reasons: [],
      database: { status: "healthy", response_time_ms: 1.5, pool },
      system: { cpu_percent: expect.any(Number), event_loop_p99_ms: expect.any(Number) },
      performance: { window_seconds: 60, requests: 1, errors: 0, p99_ms: expect.any(Number) },
    });
    expect(body.system.memory_bytes).toBeGreaterThan(1e6);
    await outage();
    expect(await get("/api/health/detailed", "operator")).toMatchObject({
      status: 503,
      body: {
        status: "unhealthy",
        reasons: [expect.stringContaining("ECONNREFUSED")],
        database: { status: "unhealthy", problem: "unreachable", response_time_ms: null, pool },
      },
    });
  });

  test("/api/health/diagnostics adds endpoints, what fires, and what monitoring costs", async () => {
    await get("/orders/1");
    await get("/broken");
    await monitoring.start();
    const { status, body } = await get("/api/health/diagnostics", "operator");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "healthy",
      database: { status: "healthy" },
      system: {
        limits: { memory_bytes: expect.any(Number), cpus: expect.any(Number) },
        gc_percent: expect.any(Number),
        event_loop_utilization_percent: expect.any(Number),
        open_handles: expect.any(Number),
        mean: { cpu_percent: expect.any(Number) },
        max: { memory_bytes: expect.any(Number) },
      },
      endpoints: expect.arrayContaining([
        expect.objectContaining({ route: "/orders/:id", requests: 1, errors: 0, last_error: null }),
        expect.objectContaining({
          method: "GET",
          route: "/broken",
          requests: 1,
          errors: 1,
          last_error: expect.objectContaining({ status: 500, code: "EB_INTERNAL", route: "/broken" }),
        }),
      ]),
      alerts: { active: 0, firing: [] },
      overhead: {
        cpu_percent: expect.any(Number),
        memory_bytes: expect.any(Number),
        seconds_per_request: expect.any(Number),
      },
    });
    await outage();
    const away = await get("/api/health/diagnostics", "operator");
    expect(away.status).toBe(503);
    expect(away.body.alerts).toMatchObject({
      active: 1,
      firing: [{ type: "DATABASE_DOWN", severity: "critical", fired_at: expect.any(String) }],
    });
  });

  test("/api/health/diagnostics knows of requests that came after the last check", async () => {
    await monitoring.start();
    await monitoring.stop();
    await get("/orders/1");
    const { body } = await get("/api/health/diagnostics", "operator");
    expect(body.endpoints).toContainEqual(expect.objectContaining({ route: "/orders/:id", requests: 1 }));
  });

  test("/api/health/detailed answers before anything was checked", async () => {
    expect(await get("/api/health/detailed", "operator")).toMatchObject({
      status: 503,
      body: { database: null, system: null, performance: { requests: 0 } },
    });
  });

  test.each([
    ["", 60],
    ["?window=1m", 60],
    ["?window=5m", 300],
    ["?window=15m", 900],
    ["?window=1h", 3600],
  ])("/api/health/metrics%s answers for %i seconds", async (query, seconds) => {
    expect((await get(`/api/health/metrics${query}`, "operator")).body).toMatchObject({
      window_seconds: seconds,
    });
  });

  test.each([
    "/api/health/metrics?window=2m",
    "/api/health/metrics?window=",
    "/api/health/metrics?window=1m&window=5m",
    "/api/health/metrics?wind=1m",
    "/api/alerts/history?limit=0",
    "/api/alerts/history?limit=many",
    "/api/alerts/history?type=NO_MILK",
    "/api/alerts/history?severity=mild",
    "/api/alerts/history?before=yesterday",
  ])("%s is a bad request", async (url) => {
    expect(await get(url, "operator")).toMatchObject({ status: 400, body: { code: "EB_INVALID_REQUEST" } });
  });

  test("an alert is active while it fires, and stays in the history", async () => {
    await monitoring.start();
    await outage();
    const { body: active } = await get("/api/alerts/active", "operator");
    expect(active.alerts).toMatchObject([
      { type: "DATABASE_DOWN", severity: "critical", state: "firing", resolved_at: null },
    ]);
    database = answering;
    await expect.poll(() => alerts.active()).toEqual([]);
    expect((await get("/api/alerts/active", "operator")).body).toEqual({ alerts: [] });
    const { body: history } = await get("/api/alerts/history?severity=critical&limit=5", "operator");
    expect(history.alerts).toMatchObject([{ id: active.alerts[0].id, state: "resolved" }]);
  });
});

describe("recording", () => {
  const rows = () =>
    monitoring.performance
      .endpoints()
      .map(({ method, route, requests, errors }) => [method, route, requests, errors]);

  test("requests count under the template of their route, and those without one under one name", async () => {
    for (const url of ["/orders/1", "/orders/2?secret=1", "/broken", "/nowhere/1", "/nowhere/2", "/livez"]) {
      await app.inject(url);
    }
    await app.inject({ method: "POST", url: "/orders/1" });
    expect(rows().sort()).toEqual([
      ["GET", "(unmatched)", 2, 0],
      ["GET", "/broken", 1, 1],
      ["GET", "/livez", 1, 0],
      ["GET", "/orders/:id", 2, 0],
      ["POST", "(unmatched)", 1, 0],
    ]);
  });

  test("a request whose client gives up counts with the time it waited, and not as a server error", async () => {
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = app.server.address() as AddressInfo;
    const client = connect(port, "127.0.0.1");
    await once(client, "connect");
    client.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    await sleep(50);
    client.destroy();
    await expect.poll(rows).toEqual([["GET", "/slow", 1, 0]]);
    expect(monitoring.performance.summary().max_ms).toBeGreaterThan(20);
  });
});

test("every route is described, and probes are never limited in how often they may ask", () => {
  const own = described.filter(({ url, method }) => method === "GET" && /^\/(livez|readyz|api)/.test(url));
  expect(own).toHaveLength(17);
  for (const { url, schema, config } of own) {
    expect(schema).toMatchObject({ tags: [expect.any(String)], summary: expect.any(String) });
    const isProbe = ["/livez", "/readyz", "/api/health"].includes(url);
    expect([url, (config as { rateLimit?: boolean } | undefined)?.rateLimit]).toEqual([
      url,
      isProbe ? false : undefined,
    ]);
  }
});

test("operators see the settings without the values of secrets", async () => {
  const settings = settingsReport(
    readSettings({ METRICS_TOKEN: "a token for the scraper" }, "/nowhere/.env"),
  );
  const service = fastify();
  await service.register(problems, { isDatabaseUnavailable: () => false });
  await service.register(earlybird, {
    monitoring,
    settings,
    alerts,
    dispatcher,
    authorize,
    version: "1.2.3",
  });
  const url = "/api/console/settings";
  expect((await service.inject(url)).statusCode).toBe(401);
  const answer = await service.inject({ url, headers: { authorization: "Bearer operator" } });
  expect(answer.json().settings).toEqual(settings);
  expect(answer.json().versions).toMatchObject({ node: process.versions.node });
  expect(answer.body).not.toContain("for the scraper");
  await service.close();
});

test("with a fleet, responses of 400 and more are counted by route, code and step", async () => {
  // Nothing listens there: the process reports its own errors.
  const unreachable = createMonitoringPool(createPool("postgres://somebody@127.0.0.1:1/nothing"));
  const fleet = new Fleet({ pool: unreachable, performance: monitoring.performance, log, version: "1.2.3" });
  const service = fastify();
  await service.register(problems, { isDatabaseUnavailable: () => false });
  await service.register(earlybird, { monitoring, fleet, alerts, dispatcher, authorize, version: "1.2.3" });
  service.get("/orders/:id", async () => {
    throw new Failure("EB_FULL", 422, "It is full.", "Order less.", { step: 27 });
  });
  for (const url of ["/orders/1", "/orders/2", "/nowhere"]) await service.inject(url);
  const { errors } = (
    await service.inject({ url: "/api/health/errors", headers: { authorization: "Bearer operator" } })
  ).json();
  expect(errors).toMatchObject([
    { method: "GET", route: "/orders/:id", status: 422, code: "EB_FULL", step: 27, count: 2 },
    { route: "(unmatched)", status: 404, code: "EB_ROUTE_NOT_FOUND", step: null, count: 1 },
  ]);
  await service.close();
  await closeMonitoringPool(unreachable);
});
