import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

/** So many requests of one kind. */
interface Requests {
  number: number;
  status?: number;
  durationMs?: number;
}

describe.skipIf(!prometheusPrograms)("the real promtool (Debian's package, or on the PATH)", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await makeTemporaryDirectory();
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, content: object): Promise<string> => {
    const file = join(folder, name);
    // JSON is YAML.
    await writeFile(file, JSON.stringify(content));
    return file;
  };

  test("accepts the rules", async () => {
    const { passed, words } = await promtool(["check", "rules", rules]);
    expect(words).toContain("SUCCESS: 13 rules found");
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

  /** What a scrape tells of some requests: by so much each series grows when the same come again before the next. */
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

  const standing = (value: number) => `${value}x20`;
  const growing = (by: number) => `0+${by}x20`;

  /** Whether it fires after four minutes, by series that are scraped every 15 seconds, in promtool's notation. */
  const firing = async (alert: string, series: Record<string, string>): Promise<boolean> => {
    const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const expected = { eval_time: "4m", alertname: alert, exp_alerts: [] };
    const tests = [{ interval: "15s", input_series, alert_rule_test: [expected] }];
    const file = await write("test.yml", { rule_files: [rules], evaluation_interval: "15s", tests });
    // It says what it has got where none was expected.
    const { passed, words } = await promtool(["test", "rules", file]);
    if (!passed) expect(words).toContain(`alertname="${alert}"`);
    return !passed;
  };

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
});
