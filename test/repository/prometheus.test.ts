import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gaugeAlert } from "../../ops/src/alerts/rules/declared/gauge-alert.ts";
import { objective } from "../../ops/src/alerts/rules/declared/objective.ts";
import { routeAlert } from "../../ops/src/alerts/rules/declared/route-alert.ts";
import { declaredPrometheusRules } from "../../ops/src/alerts/rules/prometheus/declared-rules.ts";
import { defaultThresholds } from "../../ops/src/alerts/rules/thresholds.ts";
import { HttpRequestLines } from "../../ops/src/monitoring/prometheus/request-lines.ts";
import { bucketBoundsMs } from "../../ops/src/monitoring/requests/cumulative-histogram.ts";
import { PerformanceMetrics } from "../../ops/src/monitoring/requests/request-metrics.ts";
import { dashboardQueries } from "../../scripts/docs/grafana.ts";
import { prometheusPrograms, promtool } from "../support/prometheus.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { root } from "./imports.ts";

const rules = resolve(root, "docs/prometheus/rules.yml");

const milliseconds = Object.entries(defaultThresholds).filter(([name]) => name.endsWith("Ms"));

test.each(milliseconds)(
  "a bucket ends at %s, %i ms: Prometheus need not guess on which side a request is",
  (_, ms) => {
    expect(bucketBoundsMs).toContain(ms);
  },
);

const declared = [
  routeAlert({ name: "yes", route: "GET /orders", p95AboveMs: 2_000 }),
  routeAlert({ name: 'failing "orders"', route: "GET /orders", errorRateAbove: 0.02 }),
  gaugeAlert({ name: "deep queue", gauge: "queue_depth", above: 1_000, forSeconds: 60 }),
  objective({ name: "orders", route: "GET /orders", availability: 0.995 }),
];

/** So many requests of one kind. */
interface Requests {
  number: number;
  status?: number;
  durationMs?: number;
}

describe.skipIf(!prometheusPrograms)("the real promtool (Debian's package, or on the PATH)", () => {
  let folder: string;
  let declaredFile: string;

  beforeAll(async () => {
    folder = await makeTemporaryDirectory();
    declaredFile = join(folder, "declared.yml");
    await writeFile(declaredFile, declaredPrometheusRules(declared));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, content: object): Promise<string> => {
    const file = join(folder, name);
    // JSON is YAML.
    await writeFile(file, JSON.stringify(content));
    return file;
  };

  test("accepts the rules", async () => {
    const { passed, words } = await promtool(["check", "rules", rules, declaredFile]);
    expect(words).toContain("SUCCESS: 15 rules found");
    expect(words).toContain("SUCCESS: 16 rules found");
    expect(passed).toBe(true);
  });

  test("understands every query of the dashboard", async () => {
    const rules = dashboardQueries().map((query, n) => ({
      record: `query_${n}`,
      expr: query.replaceAll("$__rate_interval", "1m").replaceAll(/\$\w+/g, ".*"),
    }));
    const file = await write("dashboard.yml", { groups: [{ name: "dashboard", rules }] });
    expect(await promtool(["check", "rules", file])).toMatchObject({ passed: true });
  });

  const place = 'instance="one",job="earlybird"';

  /** A scrape after some requests: by so much each series grows when the same come again before the next. */
  const growthBy = (requests: readonly Requests[]): Record<string, number> => {
    const performance = new PerformanceMetrics();
    for (const { number, status = 200, durationMs = 10 } of requests) {
      for (let n = 0; n < number; n++) performance.endpoint("GET", "/orders").record(status, durationMs);
    }
    const text = Buffer.concat(new HttpRequestLines().write(performance.totals())).toString();
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(
      samples.map((line) => {
        const [, name = "", labels = "", value = ""] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
        return [`${name}{${place},${labels}}`, Number(value)];
      }),
    );
  };

  const custom = (n: number) => ({ [`earlybird_alert_firing{${place},type="CUSTOM"}`]: n });
  const declaredFiring = (n: number) => ({
    [`earlybird_declared_alert_firing{${place},key="deep queue"}`]: n,
  });

  const standing = (value: number) => `${value}x20`;
  const growing = (by: number) => `0+${by}x20`;

  /**
   * Which of these alerts fire at a time, by default after four minutes, by series that are scraped every 15 seconds, in
   * promtool's notation.
   */
  const firingAmong = async (
    alerts: readonly string[],
    series: Record<string, string>,
    { at = ["4m"], every = "15s", scrapeEvery = "15s" } = {},
  ): Promise<string[]> => {
    const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const alert_rule_test = at.flatMap((eval_time) =>
      alerts.map((alertname) => ({ eval_time, alertname, exp_alerts: [] })),
    );
    const tests = [{ interval: scrapeEvery, input_series, alert_rule_test }];
    const rule_files = [rules, declaredFile];
    const file = await write("test.yml", { rule_files, evaluation_interval: every, tests });
    // It says what it has got where none was expected.
    const { passed, words } = await promtool(["test", "rules", file]);
    const found = alerts.filter((alert) => words.includes(`alertname="${alert}"`));
    expect(found.length === 0).toBe(passed);
    return found;
  };

  const firing = async (alert: string, series: Record<string, string>): Promise<boolean> =>
    (await firingAmong([alert], series)).length === 1;

  const each = (series: Record<string, number>, values: (value: number) => string) =>
    Object.fromEntries(Object.entries(series).map(([name, value]) => [name, values(value)]));

  test.each([
    ["EarlybirdDatabaseDown", { [`earlybird_database_up{${place}}`]: 0 }, true],
    ["EarlybirdDatabaseDown", { [`earlybird_database_up{${place}}`]: 1 }, false],
    ["EarlybirdDatabaseSlow", { [`earlybird_database_response_seconds{${place}}`]: 1.1 }, true],
    ["EarlybirdDatabaseSlow", { [`earlybird_database_response_seconds{${place}}`]: 1 }, false],
    ["EarlybirdHighCpu", { [`earlybird_cpu_ratio{${place}}`]: 0.81 }, true],
    ["EarlybirdHighMemory", { [`earlybird_memory_ratio{${place}}`]: 0.8 }, false],
    ["EarlybirdBillingFailure", { [`earlybird_alert_firing{${place},type="BILLING_FAILURE"}`]: 1 }, true],
    ["EarlybirdBillingFailure", { [`earlybird_alert_firing{${place},type="CUSTOM"}`]: 1 }, false],
  ])("%s with %j: %s", async (alert, series, expected) => {
    expect(await firing(alert, each(series, standing))).toBe(expected);
  });

  test.each([
    { all: 100, failed: 10, expected: true },
    { all: 100, failed: 4, expected: false },
    { all: 10, failed: 1, expected: false },
    { all: 4, failed: 4, expected: false },
    { all: 5, failed: 5, expected: true },
  ])("of $all requests in 15 seconds $failed fail: $expected", async ({ all, failed, expected }) => {
    const series = growthBy([{ number: all - failed }, { number: failed, status: 500 }]);
    expect(await firing("EarlybirdHighErrorRate", each(series, growing))).toBe(expected);
  });

  test("the first failures of a route count, though Prometheus does not see the series of its 5xx grow", async () => {
    const before = growthBy([{ number: 10 }]);
    const failures = growthBy([{ number: 100, status: 500 }]);
    const afterFifteen = (name: string) => (name in before ? "0x14" : "_x15");
    const series = {
      ...each(before, growing),
      ...Object.fromEntries(
        Object.entries(failures).map(([name, value]) => [name, `${afterFifteen(name)} ${value}x5`]),
      ),
    };
    expect(await firing("EarlybirdHighErrorRate", series)).toBe(true);
  });

  test.each([
    { quick: 0, slow: 10, durationMs: 1_100, expected: false },
    { quick: 0, slow: 10, durationMs: 2_000, expected: false },
    { quick: 0, slow: 10, durationMs: 2_001, expected: true },
    { quick: 94, slow: 6, durationMs: 2_450, expected: true },
    { quick: 96, slow: 4, durationMs: 2_450, expected: false },
    { quick: 0, slow: 2, durationMs: 2_450, expected: false },
  ])(
    "in 15 seconds $quick requests take 10 ms and $slow take $durationMs ms: $expected",
    async ({ quick, slow, durationMs, expected }) => {
      const series = growthBy([{ number: quick }, { number: slow, durationMs }]);
      expect(await firing("EarlybirdApiTimeout", each(series, growing))).toBe(expected);
    },
  );

  const queueDepth = (value: number) => ({ [`earlybird_user_queue_depth{${place}}`]: value });

  test.each([
    [{ ...custom(1), 'up{job="another"}': 1 }, ["EarlybirdMissing", "EarlybirdCustom"]],
    [{ ...custom(1), ...declaredFiring(1), [`up{${place}}`]: 1, ...queueDepth(1_000) }, []],
    [
      { ...custom(2), ...declaredFiring(1), [`up{${place}}`]: 0, ...queueDepth(1_001) },
      ["EarlybirdDown", "EarlybirdCustom", "EarlybirdDeepQueue"],
    ],
  ])("with %j, of the alerts beside the built-in rules fire: %j", async (series, expected) => {
    const alerts = ["EarlybirdDown", "EarlybirdMissing", "EarlybirdCustom", "EarlybirdDeepQueue"];
    expect(await firingAmong(alerts, each(series, standing))).toEqual(expected);
  });

  test("three slow requests before the first scrape do not make later ones look slow", async () => {
    const slow = growthBy([{ number: 3, durationMs: 8_000 }]);
    const quick = growthBy([{ number: 20, durationMs: 168 }]);
    const series = Object.fromEntries(
      Object.entries(quick).map(([name, value]) => [name, `_x4 ${slow[name] ?? 0}+${value}x12`]),
    );
    // Not at the time of a scrape, where rate need not extrapolate.
    const at = Array.from({ length: 26 }, (_, n) => `${7 * (n + 6)}s`);
    const alerts = ["EarlybirdApiTimeout", "EarlybirdYes"];
    expect(await firingAmong(alerts, series, { at, every: "7s" })).toEqual([]);
  });

  test.each([
    { failed: 1, durationMs: 2_001, expected: ["EarlybirdYes"] },
    { failed: 10, durationMs: 1_999, expected: ["EarlybirdFailingOrders"] },
  ])(
    "of 50 requests in 15 s of $durationMs ms, $failed fail; of the declared alerts fire: $expected",
    async ({ failed, durationMs, expected }) => {
      const kinds = [
        { number: 50 - failed, durationMs },
        { number: failed, durationMs, status: 500 },
      ];
      const alerts = ["EarlybirdYes", "EarlybirdFailingOrders"];
      expect(await firingAmong(alerts, each(growthBy(kinds), growing))).toEqual(expected);
    },
  );

  // Of 100 requests a minute, so many fail, in each hour before the alert is evaluated.
  test.each([
    { failed: [10, 10, 10, 10, 10, 10], expected: ["EarlybirdOrdersFastBurn", "EarlybirdOrdersSlowBurn"] },
    { failed: [4, 4, 4, 4, 4, 4], expected: ["EarlybirdOrdersSlowBurn"] },
    { failed: [0, 0, 0, 0, 0, 10], expected: ["EarlybirdOrdersFastBurn"] },
    { failed: [40, 40, 0, 0, 0, 0], expected: [] },
  ])(
    "of the requests in six hours $failed % fail; of the burn alerts fire: $expected",
    async ({ failed, expected }) => {
      const before = (hour: number) => failed.slice(0, hour).reduce((sum, percent) => sum + 60 * percent, 0);
      const errors = failed.map((percent, hour) => `${before(hour)}+${percent}x59`).join(" ");
      const labels = `${place},http_request_method="GET",http_route="/orders"`;
      const series = {
        [`http_server_request_duration_seconds_count{${labels},http_response_status_code="2xx"}`]:
          "0+100x359",
        [`earlybird_http_errors_total{${labels}}`]: errors,
      };
      const options = { at: ["359m"], every: "359m", scrapeEvery: "1m" };
      const alerts = ["EarlybirdOrdersFastBurn", "EarlybirdOrdersSlowBurn"];
      expect(await firingAmong(alerts, series, options)).toEqual(expected);
    },
  );
});
