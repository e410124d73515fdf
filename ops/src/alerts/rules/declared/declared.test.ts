import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { createDecisions, down, type Observed, well } from "../../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../../test/support/temporary-directory.ts";
import { defaultThresholds } from "../thresholds.ts";
import { gaugeAlert } from "./gauge-alert.ts";
import { type AlertDeclaration, assertDeclarations, rulesOf } from "./index.ts";
import { objective } from "./objective.ts";
import { routeAlert } from "./route-alert.ts";

const slowCheckout = routeAlert({
  name: "slow checkout",
  route: "POST /orders",
  p95AboveMs: 800,
  forSeconds: 3,
  severity: "error",
  summary: "See the runbook.",
});
const failingCheckout = routeAlert({
  name: "failing checkout",
  route: "POST /orders",
  errorRateAbove: 0.02,
});
const deepQueue = gaugeAlert({ name: "deep queue", gauge: "queue_depth", above: 1_000 });
const fewWorkers = gaugeAlert({ name: "few workers", gauge: "workers", below: 2 });
const available = objective({ name: "orders available", route: "POST /orders", availability: 0.995 });

const requests = (numbers: { requests?: number; errors?: number; p95_ms?: number }): Observed => ({
  ...well,
  performance: {
    requests: 500,
    errors: 0,
    endpoints: [
      { method: "GET", route: "/orders", requests: 400, errors: 400, p95_ms: 1_900, last_error: null },
      {
        method: "POST",
        route: "/orders",
        requests: 100,
        errors: 0,
        p95_ms: 100,
        last_error: null,
        ...numbers,
      },
    ],
  },
});
const reads = (name: string, value: number | null): Observed => ({
  ...well,
  gauges: [{ name, value, unit: "jobs" }],
});
/** Requests and errors in 6 h, 1 h, 30 min and 5 min. */
const counts = (...windows: [requests: number, errors: number][]): Observed => ({
  ...well,
  objectives: [
    {
      name: "orders available",
      scope: "all instances",
      windows: new Map(
        windows.map(([requests, errors], n) => [[360, 60, 30, 5][n] ?? 0, { requests, errors }]),
      ),
    },
  ],
});

const findingsOf = (declaration: AlertDeclaration, observed: Observed) =>
  rulesOf(declaration).map((rule) => rule.find(observed, defaultThresholds)[0]?.finding ?? "nothing");

test.each<[AlertDeclaration, string, Observed, string]>([
  [slowCheckout, "a p95 at the limit", requests({ p95_ms: 800 }), "fine"],
  [slowCheckout, "a p95 above it", requests({ p95_ms: 801 }), "failing"],
  [slowCheckout, "19 requests", requests({ requests: 19, p95_ms: 900 }), "nothing"],
  [slowCheckout, "no requests", well, "nothing"],
  [failingCheckout, "2 errors in 100", requests({ errors: 2 }), "fine"],
  [failingCheckout, "4 errors in 100, which may be chance", requests({ errors: 4 }), "unknown"],
  [failingCheckout, "8 errors in 100", requests({ errors: 8 }), "failing"],
  [deepQueue, "a value at the limit", reads("queue_depth", 1_000), "fine"],
  [deepQueue, "a value above it", reads("queue_depth", 1_001), "failing"],
  [deepQueue, "a gauge that cannot be read", reads("queue_depth", null), "nothing"],
  [deepQueue, "another gauge", reads("workers", 2_000), "nothing"],
  [fewWorkers, "a value at the limit", reads("workers", 2), "fine"],
  [fewWorkers, "a value below it", reads("workers", 1), "failing"],
])("%o finds %s", (declaration, _, observed, finding) => {
  expect(findingsOf(declaration, observed)).toEqual([finding]);
});

// 99.5 % over 30 days: 14.4 times too fast is 7.2 % of the requests, 6 times is 3 %.
test.each<[string, Observed, fast: string, slow: string]>([
  ["no requests", counts([0, 0], [0, 0], [0, 0], [0, 0]), "fine", "fine"],
  ["1 % for six hours", counts([36_000, 360], [6_000, 60], [3_000, 30], [500, 5]), "fine", "fine"],
  ["4 % for six hours", counts([36_000, 1_440], [6_000, 240], [3_000, 120], [500, 20]), "fine", "failing"],
  ["10 % for an hour", counts([36_000, 600], [6_000, 600], [3_000, 300], [500, 50]), "failing", "fine"],
  ["10 % that have ended", counts([36_000, 3_600], [6_000, 600], [3_000, 300], [500, 0]), "fine", "failing"],
  [
    "8 of 100 requests, which may be chance",
    counts([100, 8], [100, 8], [100, 8], [100, 8]),
    "unknown",
    "failing",
  ],
  ["5 of 10 requests, which are too few", counts([10, 5], [10, 5], [10, 5], [10, 5]), "unknown", "unknown"],
  ["counts that are not known yet", well, "nothing", "nothing"],
])("with %s, the budget's fast burn is %4$s", (_, observed, fast, slow) => {
  expect(findingsOf(available, observed)).toEqual([fast, slow]);
});

test("a declared alert fires after its time, with value, threshold, beginning and number of requests; then it ends", async () => {
  const declared = [slowCheckout, deepQueue, available];
  const { alerts, told, observe, pass } = createDecisions({ declared });
  const slow = requests({ p95_ms: 912 });
  await observe(slow, slow, slow);
  expect(alerts.firingDeclared()).toEqual({
    "slow checkout": 0,
    "deep queue": 0,
    "orders available (fast burn)": 0,
    "orders available (slow burn)": 0,
  });
  await observe(slow);
  expect(alerts.firingDeclared()).toMatchObject({ "slow checkout": 1, "deep queue": 0 });
  // Until the next ping, a database that is down may explain it.
  await observe(slow);
  expect(told).toMatchObject([
    {
      occasion: "fired",
      alert: {
        type: "CUSTOM",
        key: "slow checkout",
        severity: "error",
        message:
          "slow checkout: the p95 of POST /orders is 912 ms, over 800 ms (100 requests in the last minute). See the runbook.",
        details: { p95_ms: 912, threshold_ms: 800, requests: 100, failing_since: "2026-01-05T04:00:00.000Z" },
      },
    },
  ]);
  await observe(requests({}));
  await pass(30);
  await observe(requests({}));
  expect(told.at(-1)).toMatchObject({
    occasion: "resolved",
    alert: { message: "Resolved after 5 s. slow checkout: POST /orders is within its limit again." },
  });
});

test.each<[AlertDeclaration, Observed, string]>([
  [
    failingCheckout,
    requests({ errors: 8 }),
    "failing checkout: 8 % of the requests to POST /orders fail, over 2 % (100 requests in the last minute).",
  ],
  [deepQueue, reads("queue_depth", 1_200), "deep queue: queue_depth is 1200 jobs, above 1000."],
  [
    available,
    counts([36_000, 600], [6_000, 600], [3_000, 300], [500, 50]),
    "orders available: the error budget of 30 days burns 20 times too fast, over 14.4: 600 of 6000 requests in 1 h fail (10 %, on all instances).",
  ],
])("%o says what is wrong", async (declaration, observed, message) => {
  const { told, observe } = createDecisions({ declared: [declaration] });
  await observe(observed, observed);
  expect(told.map(({ alert }) => alert.message)).toEqual([message]);
});

test("while the database is down, declared alerts are recorded as its symptoms", async () => {
  const { alerts, words, observe } = createDecisions({ declared: [deepQueue] });
  const both = { ...down, gauges: [{ name: "queue_depth", value: 2_000, unit: null }] };
  await observe(both, both, both);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  expect(alerts.active().map(({ type }) => type)).toEqual(["CUSTOM", "DATABASE_DOWN"]);
});

test("the service can neither raise nor resolve a declared alert, and the others of type CUSTOM as before", async () => {
  const { alerts, observe } = createDecisions({ declared: [deepQueue] });
  await observe(reads("queue_depth", 2_000));
  const refused = expect.objectContaining({ code: "EB_ALERT_DECLARED" });
  expect(() => alerts.raise({ type: "CUSTOM", key: "deep queue", message: "x" })).toThrow(refused);
  expect(() => alerts.raise({ type: "CUSTOM", message: "deep queue" })).toThrow(refused);
  expect(() => alerts.resolve("CUSTOM", "deep queue")).toThrow(refused);
  alerts.raise({ type: "CUSTOM", message: "The store is warm." });
  alerts.resolve("CUSTOM");
  expect(alerts.active().map(({ key }) => key)).toEqual(["deep queue"]);
});

test("a restart keeps an alert that is still declared, ends one that is not until it is declared again; a command keeps both", async () => {
  const dataDir = await makeTemporaryDirectory();
  const before = createDecisions({ declared: [deepQueue, fewWorkers], dataDir });
  const both = {
    ...well,
    gauges: [
      { name: "queue_depth", value: 2_000, unit: null },
      { name: "workers", value: 1, unit: null },
    ],
  };
  await before.observe(both, both);
  await before.alerts.stop();
  await before.alerts.close();
  const command = createDecisions({ dataDir, clock: before.clock });
  expect(command.alerts.active().map(({ key }) => key)).toEqual(["deep queue", "few workers"]);
  await command.alerts.stop();
  await command.alerts.close();
  const after = createDecisions({ declared: [deepQueue], dataDir, clock: before.clock });
  expect(after.alerts.active().map(({ key }) => key)).toEqual(["deep queue"]);
  await after.observe(reads("queue_depth", 1), reads("queue_depth", 1));
  expect(after.told.map(({ occasion, alert }) => [occasion, alert.message])).toEqual([
    ["resolved", "The alert few workers is no longer declared."],
    ["resolved", "Resolved after 2 s. deep queue: queue_depth is within its limit again."],
  ]);
  await after.alerts.stop();
  await after.alerts.close();
  const again = createDecisions({ declared: [fewWorkers], dataDir, clock: before.clock });
  await again.observe(reads("workers", 1));
  expect(again.alerts.active().map(({ key }) => key)).toEqual(["few workers"]);
  await again.alerts.stop();
  await again.alerts.close();
  await rm(dataDir, { recursive: true });
});

describe("a declaration is refused", () => {
  const invalid = (declaration: object): AlertDeclaration => declaration as AlertDeclaration;

  test.each<[string, AlertDeclaration[], string]>([
    [
      "of an unknown gauge",
      [fewWorkers],
      "few workers is invalid: there is no gauge workers; known: queue_depth.",
    ],
    ["twice", [deepQueue, deepQueue], "deep queue is invalid: another alert has this name."],
    [
      "without a limit",
      [invalid({ ...slowCheckout, p95AboveMs: undefined })],
      "must have either p95AboveMs or",
    ],
    [
      "with two limits",
      [invalid({ ...slowCheckout, errorRateAbove: 0.1 })],
      "must have either p95AboveMs or",
    ],
    ["with a percentage", [invalid({ ...failingCheckout, errorRateAbove: 2 })], "errorRateAbove Too big"],
    ["with a bad number", [invalid({ ...slowCheckout, forSeconds: Number.NaN })], "forSeconds Invalid input"],
    ["with a misspelled option", [invalid({ ...deepQueue, for: 3 })], 'Unrecognized key: "for"'],
    [
      "of a route without a method",
      [invalid({ ...slowCheckout, route: "/orders" })],
      "must be a method and a route",
    ],
    ["with the key of a channel", [invalid({ ...deepQueue, name: "channel:slack" })], "must not start with"],
    ["of no kind", [invalid({ name: "x" })], "The declared alert x is invalid: kind Invalid"],
    [
      "of an objective that no outage could miss",
      [objective({ name: "lax", availability: 0.9 })],
      "availability is too low for this period",
    ],
  ])("%s", (_, declarations, detail) => {
    expect(() => assertDeclarations(declarations, ["queue_depth"])).toThrow(
      expect.objectContaining({
        code: "EB_ALERT_DECLARATION",
        exitStatus: 2,
        detail: expect.stringContaining(detail),
      }),
    );
  });

  test("and valid ones are not", () => {
    const declarations = [slowCheckout, failingCheckout, deepQueue, fewWorkers, available];
    expect(() => assertDeclarations(declarations, ["queue_depth", "workers"])).not.toThrow();
  });
});
