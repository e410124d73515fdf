import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  prometheusPrograms,
  promtool,
  type RunningPrometheus,
  startPrometheus,
} from "../../../../test/support/prometheus.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { Failure } from "../../core/failure.ts";
import { createLogger } from "../../core/logger.ts";
import { problems } from "../../http/problems.ts";
import type { DatabaseDetails, Replica } from "../database/server-stats.ts";
import { PerformanceMetrics } from "../requests/request-metrics.ts";
import { metricsRoute } from "../routes/metrics.ts";
import { MonitoringService } from "../service.ts";
import { SystemMetrics } from "../system/sampler.ts";

const standby: Replica = {
  application: "walreceiver",
  address: "10.0.0.8",
  slot: null,
  state: "streaming",
  lag_bytes: 0,
  lag_seconds: null,
};

const details: DatabaseDetails = {
  taken_at: "2026-03-10T06:00:00.000Z",
  connections: { used: 7, max: 100, reserved: 3 },
  longest_transaction: { seconds: 1.5, application: "night report" },
  lock_waits: null,
  replicas: [
    { ...standby, address: null, slot: "reports", lag_bytes: 4096 },
    standby,
    { ...standby, lag_bytes: 9_000_000_000 },
    { ...standby, lag_bytes: null },
    { ...standby, address: "10.0.0.9", lag_bytes: 7 },
  ],
  size_bytes: 1_000_000,
  server_version: "18.4",
  collections: [{ table: 'archive."Old ""orders"""', rows: 12, estimate: false, bytes: 8192 }],
  unknown: [{ detail: "lock_waits", reason: "permission denied" }],
};

const performance = new PerformanceMetrics();
const monitoring = new MonitoringService({
  database: {
    check: async () => ({
      status: "healthy",
      response_time_ms: 1.5,
      pool: { size: 10, in_use: 2, waiting: 0 },
      reason: null,
      details,
    }),
    onLost: () => {},
    close: () => {},
  },
  system: new SystemMetrics(),
  performance,
  log: createLogger("silent"),
});

let app: FastifyInstance;

beforeAll(async () => {
  app = fastify();
  await app.register(problems, { isDatabaseUnavailable: () => false });
  await app.register(metricsRoute, {
    monitoring,
    version: "1.2.3",
    firing: () => ({ DATABASE_DOWN: 0, API_TIMEOUT: 2 }),
    token: "a token of Prometheus",
    operatorOnly: async ({ headers }) => {
      if (headers.authorization !== "Bearer operator")
        throw new Failure("EB_NO_LOGIN", 401, "No login.", "Log in.");
    },
  });
  await monitoring.start();
  for (const durationMs of [3, 5, 7, 20_000])
    performance.endpoint("GET", "/orders/:id").record(200, durationMs);
  performance.endpoint("GET", "/orders/:id").record(500, 1);
  performance.endpoint("POST", '/strange"\\path').record(201, 1);
});

afterAll(async () => {
  await app.close();
  await monitoring.stop();
});

const scrape = async () => (await app.inject("/metrics")).body;
const linesOf = async (start: string) =>
  (await scrape()).split("\n").filter((line) => line.startsWith(start));

describe("requests", () => {
  test("are a cumulative histogram in seconds for each route, method and status class", async () => {
    const labels = 'http_request_method="GET",http_route="/orders/:id",http_response_status_code="2xx"';
    const name = "http_server_request_duration_seconds";
    const lines = await linesOf(name);
    for (const line of [
      `${name}_bucket{${labels},le="0.005"} 2`,
      `${name}_bucket{${labels},le="0.01"} 3`,
      `${name}_bucket{${labels},le="10"} 3`,
      `${name}_bucket{${labels},le="+Inf"} 4`,
      `${name}_sum{${labels}} 20.015`,
      `${name}_count{${labels}} 4`,
      `${name}_count{${labels.replace("2xx", "5xx")}} 1`,
    ])
      expect(lines).toContain(line);
  });

  test("that count as errors have their own counter", async () => {
    const name = 'earlybird_http_errors_total{http_request_method="GET",http_route="/orders/:id"}';
    expect(await linesOf(name)).toEqual([`${name} 1`]);
    performance.endpoint("GET", "/orders/:id").record(404, 1);
    expect(await linesOf(name)).toEqual([`${name} 1`]);
  });

  test("of routes excluded from rates have a label, by which rules leave them out", async () => {
    performance.endpoint("GET", "/livez", true).record(200, 1);
    const excluded = (await linesOf("http_server_request_duration_seconds_count")).filter((line) =>
      line.includes('excluded_from_rates="true"'),
    );
    expect(excluded).toEqual([expect.stringContaining('http_route="/livez"')]);
  });

  test("never decrease between scrapes", async () => {
    const count = async () =>
      Number((await linesOf("http_server_request_duration_seconds_count"))[0]?.split(" ").at(-1));
    const before = await count();
    performance.endpoint("GET", "/orders/:id").record(200, 1);
    expect(await count()).toBe(before + 1);
  });
});

test("database, process and alerts are reported in base units, without unknown values", async () => {
  expect(await linesOf("earlybird_")).toEqual(
    expect.arrayContaining([
      'earlybird_build_info{version="1.2.3"} 1',
      'earlybird_alert_firing{type="DATABASE_DOWN"} 0',
      'earlybird_alert_firing{type="API_TIMEOUT"} 2',
      "earlybird_database_up 1",
      "earlybird_database_response_seconds 0.0015",
      "earlybird_pool_size 10",
      "earlybird_pool_in_use 2",
      "earlybird_pool_waiting 0",
      "earlybird_database_connections 7",
      "earlybird_database_longest_transaction_seconds 1.5",
      'earlybird_table_rows{table="archive.\\"Old \\"\\"orders\\"\\"\\""} 12',
    ]),
  );
  const text = await scrape();
  expect(text).not.toContain("earlybird_database_lock_waits");
  expect(text).not.toContain("earlybird_replica_lag_seconds");
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
});

test("replicas are labelled by name, address and slot, and the largest lag wins among equal labels", async () => {
  expect(await linesOf("earlybird_replica_lag_bytes")).toEqual([
    'earlybird_replica_lag_bytes{application="walreceiver",address="",slot="reports"} 4096',
    'earlybird_replica_lag_bytes{application="walreceiver",address="10.0.0.8",slot=""} 9000000000',
    'earlybird_replica_lag_bytes{application="walreceiver",address="10.0.0.9",slot=""} 7',
  ]);
});

test("every sample has its own series", async () => {
  const series = (await scrape()).split("\n").filter((line) => /^\w/.test(line));
  const names = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([]);
});

test.each([
  ["gzip", "gzip"],
  ["zstd, gzip;q=0.5", "gzip"],
  ["gzip;q=0", undefined],
  ["br", undefined],
])("a client that accepts %s gets %s", async (accepted, encoding) => {
  const headers = { "accept-encoding": accepted };
  const answer = await app.inject({ url: "/metrics", headers });
  expect(answer.headers["content-encoding"]).toBe(encoding);
  expect(answer.headers.vary).toBe("accept-encoding");
  const text = encoding ? gunzipSync(answer.rawPayload) : answer.rawPayload;
  expect(text.toString()).toMatch(/^earlybird_database_up 1$/m);
});

describe("who may read them", () => {
  const status = async (remoteAddress: string, headers: Record<string, string> = {}) =>
    (await app.inject({ url: "/metrics", remoteAddress, headers })).statusCode;

  test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("this machine, as %s", async (address) => {
    expect(await status(address)).toBe(200);
  });

  test.each(["10.0.0.7", "::2", "1.127.0.1", "fe80::1"])(
    "not %s, except with the token or for an operator",
    async (address) => {
      expect(await status(address)).toBe(401);
      expect(await status(address, { authorization: "Bearer operator" })).toBe(200);
      expect(await status(address, { authorization: "Bearer a token of Prometheus" })).toBe(200);
      expect(await status(address, { authorization: "Bearer a token of Prometheus, or so" })).toBe(401);
    },
  );

  test.each(["x-forwarded-for", "forwarded", "x-real-ip"])(
    "no client of a local proxy, whatever %s contains",
    async (header) => {
      expect(await status("127.0.0.1", { [header]: "127.0.0.1" })).toBe(401);
    },
  );
});

describe.skipIf(!prometheusPrograms)("the real Prometheus (Debian's package, or on the PATH)", () => {
  test("promtool accepts the metrics", async () => {
    expect(await promtool(["check", "metrics"], await scrape())).toEqual({ passed: true, words: "" });
  });

  test("Prometheus scrapes them and computes a percentile", async () => {
    await app.listen({ port: 0, host: "127.0.0.1" });
    const folder = await makeTemporaryDirectory();
    let prometheus: RunningPrometheus | undefined;
    try {
      const { port } = app.server.address() as AddressInfo;
      prometheus = await startPrometheus(folder, `127.0.0.1:${port}`);
      const value = async (promql: string) => (await prometheus?.query(promql))?.[0]?.value;
      await expect.poll(() => value("up"), { timeout: 10_000 }).toBe(1);
      expect(
        await value('sum(http_server_request_duration_seconds_count{http_response_status_code=~"5.."})'),
      ).toBe(1);
      expect(await value('earlybird_alert_firing{type="API_TIMEOUT"}')).toBe(2);
      expect(
        await value(
          'histogram_quantile(0.5, http_server_request_duration_seconds_bucket{http_route="/orders/:id",http_response_status_code="2xx"})',
        ),
      ).toBeLessThan(0.01);
    } finally {
      await prometheus?.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
