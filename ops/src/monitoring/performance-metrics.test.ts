import { expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { overflowRoute, PerformanceMetrics, unmatchedRoute } from "./performance-metrics.ts";

/** A clock that stands still until the test moves it; starts in the middle of a slice. */
const testClock = () => {
  let nowMs = 1_234_567;
  const clock: Clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  return { clock, advanceSeconds: (seconds: number) => (nowMs += seconds * 1000) };
};

test("a window sums up requests, errors, rates and durations", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  for (let ms = 1; ms <= 100; ms++) metrics.endpoint("GET", "/a").record(ms <= 10 ? 500 : 200, ms);
  advanceSeconds(10);
  const summary = metrics.summary("1m");
  expect(summary).toMatchObject({
    window_seconds: 60,
    requests: 100,
    errors: 10,
    error_rate_percent: 10,
    requests_per_second: 10,
    mean_ms: 50.5,
    max_ms: 100,
  });
  expect(summary.p50_ms).toBeCloseTo(50, 0);
  expect(summary.p95_ms).toBeGreaterThanOrEqual(95);
  expect(summary.p95_ms).toBeLessThan(95.8);
  expect(summary.p99_ms).toBeLessThanOrEqual(summary.max_ms);
});

test("answers of 400 and above are errors, but 401, 404 and clients that went away are not", () => {
  const metrics = new PerformanceMetrics();
  for (const status of [200, 204, 308, 400, 401, 403, 404, 409, 422, 429, 499, 500, 503]) {
    metrics.endpoint("GET", "/a").record(status, 1);
  }
  expect(metrics.summary().errors).toBe(7);
});

test("a process without requests answers zeros", () => {
  expect(new PerformanceMetrics().summary("1h")).toEqual({
    window_seconds: 3600,
    requests: 0,
    errors: 0,
    error_rate_percent: 0,
    requests_per_second: 0,
    mean_ms: 0,
    p50_ms: 0,
    p95_ms: 0,
    p99_ms: 0,
    max_ms: 0,
  });
});

test.each([
  { window: "1m", inside: 54, outside: 61 },
  { window: "5m", inside: 239, outside: 301 },
  { window: "15m", inside: 839, outside: 901 },
  { window: "1h", inside: 3539, outside: 3601 },
] as const)("a request leaves the window of $window when its time is over", ({ window, inside, outside }) => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(200, 1000);
  advanceSeconds(inside);
  metrics.endpoint("GET", "/a").record(200, 1);
  expect(metrics.summary(window)).toMatchObject({ requests: 2, max_ms: 1000 });
  advanceSeconds(outside - inside);
  expect(metrics.summary(window)).toMatchObject({ requests: 1, max_ms: 1, p99_ms: 1 });
});

test("a slice begins empty: what the one before it held is counted once", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  for (let n = 0; n < 3; n++) metrics.endpoint("GET", "/a").record(500, 100);
  advanceSeconds(61);
  for (const durationMs of [1, 1, 200]) metrics.endpoint("GET", "/a").record(200, durationMs);
  expect(metrics.summary("1m")).toMatchObject({ requests: 3, errors: 0, mean_ms: 67.333, max_ms: 200 });
  expect(metrics.summary("1m").p50_ms).toBeLessThan(2);
});

test("a slow request does not colour the window for ever when the ring comes round to its place", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(500, 1000);
  advanceSeconds(24 * 3600);
  expect(metrics.summary("1m").requests).toBe(0);
  expect(metrics.summary("1h").requests).toBe(0);
});

test("endpoints are told apart by route and method, and requests without a route share a name", () => {
  const metrics = new PerformanceMetrics();
  metrics.endpoint("GET", "/orders/:id").record(200, 1);
  metrics.endpoint("GET", "/orders/:id").record(200, 1);
  metrics.endpoint("DELETE", "/orders/:id").record(500, 1);
  metrics.endpoint("GET", undefined).record(404, 1);
  const rows = metrics
    .endpoints()
    .map(({ route, method, requests, errors }) => [route, method, requests, errors]);
  expect(rows).toEqual([
    ["/orders/:id", "GET", 2, 0],
    ["/orders/:id", "DELETE", 1, 1],
    [unmatchedRoute, "GET", 1, 0],
  ]);
});

test("endpoints beyond the cap count as one, and all of them in the sum", () => {
  const metrics = new PerformanceMetrics({ maxEndpoints: 3 });
  for (let n = 0; n < 1000; n++) metrics.endpoint("GET", `/${n}`).record(200, 1);
  const rows = metrics.endpoints().map(({ route, requests }) => [route, requests]);
  expect(rows).toEqual([
    ["/0", 1],
    ["/1", 1],
    ["/2", 1],
    [overflowRoute, 997],
  ]);
  expect(metrics.summary().requests).toBe(1000);
});
