import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import fastify from "fastify";
import { expect, test } from "vitest";
import { logLines } from "../../test/support/log-lines.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { problems } from "./http/problems.ts";
import { earlybird } from "./plugin.ts";
import { readMonitoringSettings } from "./settings/monitoring-settings.ts";
import { startMonitoring } from "./start-monitoring.ts";

test("without a pool, nothing connects, health ignores the database, and alerts and mutes survive on disk", async () => {
  let connections = 0;
  const postgres = createServer((socket) => void socket.destroy(void connections++));
  await once(postgres.listen(0, "127.0.0.1"), "listening");
  const DATABASE_URL = `postgres://a@127.0.0.1:${(postgres.address() as AddressInfo).port}/a`;
  const token = "0123456789abcdef0123456789abcdef";
  const settings = readMonitoringSettings(
    {
      DATABASE_URL,
      JWT_SECRET: "short",
      NODE_ENV: "production",
      LOG_LEVEL: "verbose",
      OPERATOR_TOKEN: token,
    },
    "/nowhere/.env",
  );
  const dataDir = await makeTemporaryDirectory();
  const start = () => startMonitoring({ version: "1.2.3", settings, dataDir, log: logLines().log });

  const first = await start();
  expect(first.monitoring.snapshot).toMatchObject({ status: "healthy", reasons: [] });
  first.alerts.raise({ type: "CUSTOM", message: "The store is warm." });
  await first.alerts.mute({ type: "HIGH_CPU", reason: "a test", duration_seconds: 600, author: "Asha" });
  await first.stop();

  const second = await start();
  const app = fastify();
  await app.register(problems);
  await app.register(earlybird, second);
  const ask = async (url: string) =>
    (await app.inject({ url, headers: { authorization: `Bearer ${token}` } })).body;
  expect(second.alerts.active()).toMatchObject([{ message: "The store is warm." }]);
  expect(second.alerts.mutes()).toMatchObject([{ type: "HIGH_CPU", reason: "a test" }]);
  expect(JSON.parse(await ask("/api/health/detailed"))).toMatchObject({
    status: "healthy",
    database: { status: "not_configured", details: null },
  });
  expect(JSON.parse(await ask("/api/alerts/history"))).toMatchObject({ alerts: [{ type: "CUSTOM" }] });
  const metrics = await ask("/metrics");
  expect(metrics).toContain("earlybird_cpu_ratio");
  expect(metrics).not.toMatch(/^earlybird_(database|pool|table)/m);
  expect(await ask("/api/health/history?from=2026-01-01T00:00:00Z")).toContain("EB_ROUTE_NOT_FOUND");

  await app.close();
  await second.stop();
  postgres.close();
  await rm(dataDir, { recursive: true });
  expect(connections).toBe(0);
});
