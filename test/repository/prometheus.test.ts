import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dashboardQueries } from "../../scripts/docs/grafana.ts";
import { prometheusPrograms, promtool } from "../support/prometheus.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { root } from "./imports.ts";

const rules = resolve(root, "docs/prometheus/rules.yml");

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
  const route = `${place},http_request_method="GET",http_route="/orders"`;
  const requests = "http_server_request_duration_seconds";

  /** Series that are scraped every 15 seconds for five minutes: those that count grow by so much each time. */
  const firing = async (
    alert: string,
    series: Record<string, number>,
    kind: "grows by" | "is",
  ): Promise<boolean> => {
    const input_series = Object.entries(series).map(([name, value]) => ({
      series: name,
      values: kind === "is" ? `${value}x20` : `0+${value}x20`,
    }));
    const expected = { eval_time: "4m", alertname: alert, exp_alerts: [] };
    const tests = [{ interval: "15s", input_series, alert_rule_test: [expected] }];
    const file = await write("test.yml", { rule_files: [rules], evaluation_interval: "15s", tests });
    // It says what it has got where none was expected.
    const { passed, words } = await promtool(["test", "rules", file]);
    if (!passed) expect(words).toContain(`alertname="${alert}"`);
    return !passed;
  };

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
    expect(await firing(alert, series, "is")).toBe(expected);
  });

  test.each([
    { each: 100, failed: 10, expected: true },
    { each: 100, failed: 4, expected: false },
    { each: 10, failed: 1, expected: false },
    { each: 4, failed: 4, expected: false },
    { each: 5, failed: 5, expected: true },
  ])("of $each requests in 15 seconds $failed fail: $expected", async ({ each, failed, expected }) => {
    const series = {
      [`${requests}_count{${route}}`]: each,
      [`earlybird_http_errors_total{${route}}`]: failed,
    };
    expect(await firing("EarlybirdHighErrorRate", series, "grows by")).toBe(expected);
  });

  test.each([
    { le: "2.5", each: 10, expected: true },
    { le: "1", each: 10, expected: false },
    { le: "2.5", each: 2, expected: false },
  ])("$each requests in 15 seconds take up to $le s: $expected", async ({ le, each, expected }) => {
    const series = {
      [`${requests}_bucket{${route},le="0.75"}`]: 0,
      [`${requests}_bucket{${route},le="${le === "1" ? "1" : "2"}"}`]: le === "1" ? each : 0,
      [`${requests}_bucket{${route},le="2.5"}`]: each,
      [`${requests}_bucket{${route},le="+Inf"}`]: each,
      [`${requests}_count{${route}}`]: each,
    };
    expect(await firing("EarlybirdApiTimeout", series, "grows by")).toBe(expected);
  });
});
