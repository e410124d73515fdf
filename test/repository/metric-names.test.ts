import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fastify from "fastify";
import { beforeAll, describe, expect, test } from "vitest";
import type { DatabaseDetails } from "../../ops/src/monitoring/database/server-stats.ts";
import { PerformanceMetrics } from "../../ops/src/monitoring/requests/request-metrics.ts";
import { metricsRoute } from "../../ops/src/monitoring/routes/metrics.ts";
import type { Snapshot } from "../../ops/src/monitoring/snapshot.ts";
import { root } from "./imports.ts";

const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const dashboard = read("docs/grafana/earlybird.json");
const rules = read("docs/prometheus/rules.yml");

const details: DatabaseDetails = {
  taken_at: "2026-03-10T06:00:00.000Z",
  connections: { used: 7, max: 100, reserved: 3 },
  longest_transaction: { seconds: 1.5, application: null },
  lock_waits: { waiting: 1, longest_seconds: 0.5 },
  replicas: [
    {
      application: "walreceiver",
      address: null,
      slot: null,
      state: "streaming",
      lag_bytes: 1,
      lag_seconds: 1,
    },
  ],
  size_bytes: 1_000_000,
  server_version: "18.4",
  collections: [{ table: "orders", rows: 12, estimate: false, bytes: 8192 }],
  unknown: [],
};

/** When everything is known. */
const scrape = async (): Promise<string> => {
  const performance = new PerformanceMetrics();
  performance.endpoint("GET", "/orders").record(200, 1);
  const snapshot: Snapshot = {
    taken_at: new Date(details.taken_at),
    status: "healthy",
    reasons: [],
    database: {
      status: "healthy",
      response_time_ms: 1,
      pool: { size: 10, in_use: 2, waiting: 0 },
      reason: null,
      details,
    },
    system: {
      cpu_percent: 5,
      memory_bytes: 1_000_000,
      memory_percent: 1,
      event_loop_p99_ms: 20,
      event_loop_utilization_percent: 1,
    },
    performance: { ...performance.summary(), endpoints: [] },
    gauges: [],
  };
  const app = fastify();
  await app.register(metricsRoute, {
    monitoring: { snapshot, performance },
    version: "1.2.3",
    firing: () => ({ CUSTOM: 1 }),
    declared: () => ({ "slow checkout": 1 }),
    operatorOnly: async () => {},
  });
  return (await app.inject("/metrics")).body;
};

/** Recording rules, which have colons, are left out. */
const namesIn = (text: string): string[] => [
  ...new Set(text.match(/\b(?:earlybird|http_server|process|nodejs)_\w+/g)),
];

describe.each([
  { file: "the dashboard", text: dashboard },
  { file: "the rules for Prometheus", text: rules },
])("of $file", ({ text }) => {
  let samples: Set<string>;

  beforeAll(async () => {
    const lines = (await scrape()).split("\n").filter((line) => !line.startsWith("#"));
    samples = new Set(lines.map((line) => /^\w*/.exec(line)?.[0] ?? ""));
  });

  test.each(namesIn(text))("%s is a metric that there is", (name) => {
    expect(samples).toContain(name);
  });
});

interface Panel {
  title: string;
  fieldConfig: { defaults: { thresholds?: { steps: { value: number | null }[] } } };
}

test.each([
  ["EarlybirdHighErrorRate", "Error rate"],
  ["EarlybirdApiTimeout", "p95 of each route"],
  ["EarlybirdDatabaseSlow", "Database: response time"],
  ["EarlybirdHighCpu", "CPU"],
  ["EarlybirdHighMemory", "Memory"],
])("what %s compares with is a line in the panel %s", (alert, title) => {
  const [, threshold] = new RegExp(`alert: ${alert}\\n.*\\n.* > ([\\d.]+)\\n`).exec(rules) ?? [];
  const { panels } = JSON.parse(dashboard) as { panels: Panel[] };
  const panel = panels.find((each) => each.title === title);
  expect(panel?.fieldConfig.defaults.thresholds?.steps.at(-1)?.value).toBe(Number(threshold));
});
