import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAlerts } from "../../test/support/alerts.ts";
import { logLines } from "../../test/support/log-lines.ts";
import earlybird, { problems } from "./index.ts";
import { MonitoringService, PerformanceMetrics, SystemMetrics } from "./monitoring/index.ts";

const pool = { size: 10, in_use: 2, waiting: 0 };
const performance = new PerformanceMetrics();
const monitoring = new MonitoringService({
  database: {
    check: async () => ({ status: "healthy", response_time_ms: 1, pool, reason: null }),
    onLost: () => {},
    close: () => {},
  },
  system: new SystemMetrics(),
  performance,
  log: logLines().log,
});

let app: FastifyInstance;
let alerts: Awaited<ReturnType<typeof createAlerts>>;

beforeAll(async () => {
  alerts = await createAlerts();
  alerts.alerts.watch(monitoring);
  app = fastify();
  await app.register(problems, { isDatabaseUnavailable: () => false });
  await app.register(earlybird, {
    monitoring,
    ...alerts,
    authorize: async () => ({ id: "usr_1", name: "Asha" }),
    version: "1.2.3",
    console: { login: { kind: "ambient", href: "/login" }, secret: "0123456789abcdef0123456789abcdef" },
  });
  app.get("/healthz", { config: { excludeFromRates: true } }, async () => "fine");
  let asked = 0;
  app.get("/orders", async (_, reply) => reply.code(asked++ % 5 === 0 ? 500 : 200).send());
});

afterAll(async () => {
  await alerts.stop();
  await monitoring.stop();
  await app.close();
});

test("one failure in five of a request a second fires HIGH_ERROR_RATE beside ten probes a second", async () => {
  for (let second = 0; second < 30; second++) {
    await app.inject("/orders");
    for (let n = 0; n < 5; n++) {
      await app.inject("/livez");
      await app.inject("/healthz");
    }
  }
  await monitoring.start();
  expect(alerts.alerts.active()).toMatchObject([
    { type: "HIGH_ERROR_RATE", details: { requests: 30, errors: 6, error_rate_percent: 20 } },
  ]);
  expect(monitoring.snapshot).toMatchObject({
    status: "degraded",
    reasons: ["20 % of the last minute's requests failed on our side"],
  });
});

test("the platform's own routes and the probes of the service stay visible, without counting in the sum", async () => {
  const before = performance.summary().requests;
  const own = [
    "/readyz",
    "/metrics",
    "/api/health",
    "/api/health/diagnostics",
    "/api/alerts/active",
    "/api/console/session",
  ];
  for (const url of own) await app.inject(url);
  expect(performance.summary().requests).toBe(before);
  const endpoints = await monitoring.endpoints();
  expect(endpoints).toContainEqual(expect.objectContaining({ route: "/healthz", requests: 150 }));
  const excluded = endpoints.filter((each) => each.excluded_from_rates).map(({ route }) => route);
  expect(excluded).toEqual(expect.arrayContaining(["/livez", "/healthz", ...own]));
});
