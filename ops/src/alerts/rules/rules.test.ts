import { expect, test } from "vitest";
import { AlertType } from "../model/alert.ts";
import { connectionFailure } from "./connection-failure.ts";
import { rules } from "./index.ts";
import type { Observed } from "./rule.ts";
import { defaultThresholds } from "./thresholds.ts";
import { wilsonLowerBound } from "./wilson.ts";

const pool = { size: 10, in_use: 0, waiting: 0 };
const answersIn = (response_time_ms: number): Observed["database"] => ({
  status: "healthy",
  response_time_ms,
  pool,
  reason: null,
});
const away: Observed["database"] = {
  status: "unhealthy",
  problem: "unreachable",
  response_time_ms: null,
  pool,
  reason: "ECONNREFUSED",
};
const calm: Observed = {
  database: answersIn(1),
  system: { cpu_percent: 1, memory_percent: 1, event_loop_utilization_percent: 1 },
  performance: { requests: 0, errors: 0, endpoints: [] },
};
const requests = (many: number, errors: number): Partial<Observed> => ({
  performance: { requests: many, errors, endpoints: [] },
});
const endpoint = (many: number, p95_ms: number, excluded_from_rates = false): Partial<Observed> => ({
  performance: {
    requests: many,
    errors: 0,
    endpoints: [
      {
        method: "GET",
        route: "/api/orders/:id",
        requests: many,
        errors: 0,
        p95_ms,
        last_error: null,
        excluded_from_rates,
      },
    ],
  },
});

/** What a rule finds: the finding about its only key, or nothing. */
const findingOf = (type: AlertType, observed: Partial<Observed>) => {
  const rule = rules.find((one) => one.type === type);
  const findings = rule?.find({ ...calm, ...observed }, defaultThresholds) ?? [];
  expect(findings.length).toBeLessThan(2);
  return findings[0]?.finding ?? "nothing";
};

test.each<[AlertType, string, Partial<Observed>, string]>([
  ["DATABASE_DOWN", "a ping that is answered", {}, "fine"],
  ["DATABASE_DOWN", "a ping that is not", { database: away }, "failing"],
  ["DATABASE_DOWN", "a slow ping", { database: answersIn(1_999) }, "fine"],
  ["DATABASE_SLOW", "a ping of a second", { database: answersIn(1_000) }, "fine"],
  ["DATABASE_SLOW", "a longer one", { database: answersIn(1_001) }, "failing"],
  ["DATABASE_SLOW", "a ping that is not answered", { database: away }, "nothing"],
  ["HIGH_ERROR_RATE", "no request", {}, "nothing"],
  ["HIGH_ERROR_RATE", "1 failure in 3 requests", requests(3, 1), "nothing"],
  ["HIGH_ERROR_RATE", "19 failures in 19", requests(19, 19), "nothing"],
  ["HIGH_ERROR_RATE", "20 failures in 20", requests(20, 20), "failing"],
  ["HIGH_ERROR_RATE", "2 failures in 20, which may be chance", requests(20, 2), "unknown"],
  ["HIGH_ERROR_RATE", "4 failures in 20", requests(20, 4), "failing"],
  ["HIGH_ERROR_RATE", "5 in 100", requests(100, 5), "fine"],
  ["HIGH_ERROR_RATE", "7 in 100, which may be chance", requests(100, 7), "unknown"],
  ["HIGH_ERROR_RATE", "10 in 100", requests(100, 10), "failing"],
  ["HIGH_ERROR_RATE", "600 in 10,000", requests(10_000, 600), "failing"],
  [
    "HIGH_CPU",
    "80 %",
    { system: { cpu_percent: 80, memory_percent: 99, event_loop_utilization_percent: 1 } },
    "fine",
  ],
  [
    "HIGH_CPU",
    "81 %",
    { system: { cpu_percent: 81, memory_percent: 1, event_loop_utilization_percent: 1 } },
    "failing",
  ],
  [
    "HIGH_CPU",
    "one busy event loop on two processors",
    { system: { cpu_percent: 51, memory_percent: 1, event_loop_utilization_percent: 99.5 } },
    "failing",
  ],
  [
    "HIGH_MEMORY",
    "80 %",
    { system: { cpu_percent: 99, memory_percent: 80, event_loop_utilization_percent: 1 } },
    "fine",
  ],
  [
    "HIGH_MEMORY",
    "81 %",
    { system: { cpu_percent: 1, memory_percent: 81, event_loop_utilization_percent: 1 } },
    "failing",
  ],
  ["API_TIMEOUT", "no request", {}, "nothing"],
  ["API_TIMEOUT", "one slow request", endpoint(1, 30_000), "nothing"],
  ["API_TIMEOUT", "twenty, one in twenty at 2 s", endpoint(20, 2_000), "fine"],
  ["API_TIMEOUT", "twenty, and more of them slower", endpoint(20, 2_001), "failing"],
  ["API_TIMEOUT", "the same of a route excluded from rates", endpoint(20, 2_001, true), "nothing"],
])("%s: %s", (type, _what, observed, finding) => {
  expect(findingOf(type, observed)).toBe(finding);
});

test("each rule describes its condition and its alert, with the numbers", () => {
  const said = rules.map((rule) => {
    const observed = {
      database: { ...answersIn(1_234), reason: "ECONNREFUSED" },
      system: { cpu_percent: 91, memory_percent: 92, event_loop_utilization_percent: 1 },
      performance: {
        requests: 40,
        errors: 10,
        endpoints: [
          { method: "GET", route: "/slow", requests: 40, errors: 0, p95_ms: 3_000, last_error: null },
        ],
      },
    } as Observed;
    const seen = rule.type === "DATABASE_DOWN" ? { ...observed, database: away } : observed;
    const [found] = rule.find(seen, defaultThresholds);
    const { key = "", details = {} } = found ?? {};
    return `${rule.condition(defaultThresholds)} | ${rule.firedMessage(details, key)} | ${rule.resolvedMessage(key)}`;
  });
  expect(said).toEqual([
    "two pings in a row fail, or the service gets no connection | The database is unreachable: the server refuses connections (ECONNREFUSED). | The database answers again.",
    "two pings in a row take over 1000 ms | The database is slow: a ping took 1.2 s. | The database is quick again.",
    "over 5 % of a minute's requests fail, of at least 20, with 95 % confidence | 25 % of the requests fail: 10 of 40 in the last minute. | Requests succeed again.",
    "over 80 % of the CPU limit is used for 2 min, or the event loop is busy over 95 % of the time | The process uses 91 % of the CPU it may use. | The CPU has room again.",
    "over 80 % of the memory limit is used for 2 min | The process occupies 92 % of the memory it may use. | The memory has room again.",
    "a route's p95 of the last minute is over 2000 ms, with at least 20 requests | GET /slow is slow: its p95 of the last minute is 3 s. | GET /slow is quick again.",
  ]);
});

test("each type that the service does not raise has one rule", () => {
  const raised: AlertType[] = ["BILLING_FAILURE", "DELIVERY_ISSUE", "SECURITY_ALERT", "CUSTOM"];
  expect([...rules.map(({ type }) => type), ...raised].sort()).toEqual(Object.values(AlertType).sort());
});

test.each([
  [1, 3, 0.078],
  [0, 20, 0],
  [20, 20, 0.881],
  [10, 100, 0.061],
  [500, 10_000, 0.0465],
])("of %i in %i the rate is at least %f", (hits, total, bound) => {
  expect(wilsonLowerBound(hits, total)).toBeCloseTo(bound, 3);
});

test.each([
  ["connect ECONNREFUSED 10.0.0.7:5432", "the server refuses connections (ECONNREFUSED 10.0.0.7:5432)"],
  ["getaddrinfo ENOTFOUND db.shop", "the name of the server is unknown (ENOTFOUND db.shop)"],
  [
    "connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432",
    "the server refuses connections (ECONNREFUSED ::1:5432)",
  ],
  ["the database system is starting up", "the database system is starting up"],
])("the reason %j is %j", (reason, words) => {
  expect(connectionFailure(reason)).toBe(words);
});

test("a failing rate names the endpoints that fail most, and what the database is busy with", () => {
  const rule = rules.find(({ type }) => type === "HIGH_ERROR_RATE");
  const failing = (route: string, errors: number) => ({
    ...{ method: "POST", route, requests: 50, errors, p95_ms: 1 },
    last_error: { at: "2026-01-05T04:00:00Z", status: 500, method: "POST", route, code: "EB_INTERNAL" },
  });
  const details = {
    ...{
      taken_at: "2026-01-05T04:00:00Z",
      replicas: null,
      size_bytes: null,
      server_version: null,
      collections: null,
      unknown: [],
    },
    connections: { used: 40, max: 100, reserved: 3 },
    longest_transaction: { seconds: 61.2, application: "night report" },
    lock_waits: { waiting: 2, longest_seconds: 12.4 },
  };
  const found = rule?.find(
    {
      ...calm,
      database: { ...answersIn(1), details },
      performance: { requests: 200, errors: 60, endpoints: [failing("/a", 20), failing("/b", 40)] },
    },
    defaultThresholds,
  );
  expect(found?.[0]?.details).toEqual({
    ...{ error_rate_percent: 30, threshold_percent: 5, errors: 60, requests: 200 },
    most_failing: "POST /b: 40 of 50, last 500 EB_INTERNAL; POST /a: 20 of 50, last 500 EB_INTERNAL",
    pool: "0 of 10 in use, 0 waiting",
    connections: "40 of 100",
    longest_transaction: "61 s (night report)",
    lock_waits: "2 sessions, up to 12 s",
  });
});
