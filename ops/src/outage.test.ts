import fastify, { type FastifyInstance } from "fastify";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAlerts } from "../../test/support/alerts.ts";
import { logLines } from "../../test/support/log-lines.ts";
import { type SlackPeer, startSlackPeer } from "../../test/support/slack-peer.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../test/support/throwaway.ts";
import { type AlertManager, slackChannel } from "./alerts/index.ts";
import { createPool } from "./database/index.ts";
import { earlybird, problems } from "./index.ts";
import {
  DatabaseHealthChecker,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "./monitoring/index.ts";

const { log } = logLines();

let postgres: ThrowawayPostgres;
let slack: SlackPeer;
let pool: pg.Pool;
let monitoring: MonitoringService;
let alerts: AlertManager;
let stop: () => Promise<void>;
let app: FastifyInstance;
let address: string;

beforeAll(async () => {
  [postgres, slack] = await Promise.all([startThrowawayPostgres(), startSlackPeer()]);
  pool = createPool(postgres.url);
  monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool }),
    system: new SystemMetrics(),
    performance: new PerformanceMetrics(),
    log,
  });
  const { dispatcher, ...rest } = await createAlerts({
    channels: [slackChannel({ webhookUrl: slack.webhookUrl })],
  });
  ({ alerts, stop } = rest);
  alerts.watch(monitoring);
  app = fastify();
  await app.register(problems, { isDatabaseUnavailable: () => true });
  const authorize = async () => ({ id: "usr_1", name: "Asha" });
  await app.register(earlybird, { monitoring, alerts, dispatcher, authorize, version: "1.2.3" });
  await monitoring.start();
  address = await app.listen({ port: 0, host: "127.0.0.1" });
});

afterAll(async () => {
  await stop();
  await monitoring.stop();
  await app.close();
  await pool.end();
  await slack.close();
  await postgres.remove();
});

const statusOf = async (path: string) => (await fetch(address + path)).status;
const states = () => slack.messages.map(({ text }) => /CRITICAL|RESOLVED/.exec(text)?.[0]);

test("an outage reaches Slack within 10 seconds although Slack fails once, RESOLVED is sent, and health follows", async () => {
  expect(await statusOf("/readyz")).toBe(200);
  slack.answerWith({ status: 500, headers: {}, body: "" }, { status: 200, headers: {}, body: "ok" });

  const stoppedMs = performance.now();
  await postgres.stop();
  await expect.poll(() => states(), { timeout: 10_000 }).toEqual(["CRITICAL", "CRITICAL"]);
  expect(performance.now() - stoppedMs).toBeLessThan(10_000);
  expect(await Promise.all(["/livez", "/readyz", "/api/health"].map(statusOf))).toEqual([200, 503, 503]);

  await postgres.start();
  const startedMs = performance.now();
  await expect.poll(() => statusOf("/readyz"), { timeout: 10_000 }).toBe(200);
  expect(await statusOf("/api/health")).toBe(200);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  await expect.poll(() => states(), { timeout: 10_000 }).toEqual(["CRITICAL", "CRITICAL", "RESOLVED"]);
  expect(slack.messages.at(-1)?.text).toMatch(/RESOLVED after \d+ s\. The database answers again\./);
  expect(alerts.active().map(({ type }) => type)).not.toContain("DATABASE_DOWN");
});

test("probes answer at once while every connection of the pool is in use and others wait", async () => {
  const busy = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
  const waiting = pool.connect();
  const startedMs = performance.now();
  expect(await Promise.all(["/livez", "/readyz", "/api/health"].map(statusOf))).toEqual([200, 200, 200]);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  for (const client of busy) client.release();
  (await waiting).release();
});
