import fc from "fast-check";
import { expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import type { Clock } from "../../core/clock.ts";
import { bucketBoundsMs } from "./cumulative-histogram.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { otherMethod, overflowRoute, PerformanceMetrics, unmatchedRoute } from "./request-metrics.ts";

/** A clock that stands still until the test moves it; starts in the middle of an interval. */
const testClock = () => {
  let nowMs = 1_234_567;
  const clock: Clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  return { clock, advanceSeconds: (seconds: number) => (nowMs += seconds * 1000) };
};

test("a window has requests, errors, rates and durations", () => {
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

test("responses of 500 and above are errors; with errorsFromStatus 400, those of clients, too", () => {
  const metrics = new PerformanceMetrics({ errorsFromStatus: 400 });
  for (const status of [200, 204, 308, 400, 401, 403, 404, 409, 422, 429, 499, 500, 503]) {
    metrics.endpoint("GET", "/a").record(status, 1);
  }
  expect(metrics.summary().errors).toBe(7);
});

test("client errors, disconnects and 401 are no errors by default", () => {
  const metrics = new PerformanceMetrics();
  for (const status of [200, 400, 403, 404, 422, 499, 500, 503])
    metrics.endpoint("GET", "/a").record(status, 1);
  expect(metrics.summary().errors).toBe(2);
});

test("responses are counted by status class", () => {
  const metrics = new PerformanceMetrics();
  for (const status of [101, 200, 204, 308, 404, 499, 500, 503, 0, 999]) {
    metrics.endpoint("GET", "/a").record(status, 1);
  }
  expect(metrics.summary().statuses).toEqual({ "1xx": 2, "2xx": 2, "3xx": 1, "4xx": 2, "5xx": 3 });
});

test("an excluded endpoint counts only for itself, and never as one of the others above the limit", () => {
  const metrics = new PerformanceMetrics({ maxEndpoints: 1 });
  metrics.endpoint("GET", "/orders").record(200, 1);
  for (let n = 0; n < 9; n++) metrics.endpoint("GET", "/healthz", true).record(503, 90);
  expect(metrics.summary()).toMatchObject({ requests: 1, errors: 0, max_ms: 1, last_error: null });
  const [counted, excluded] = metrics.endpoints();
  expect(counted).toMatchObject({ route: "/orders", requests: 1, excluded_from_rates: false });
  expect(excluded).toMatchObject({ route: "/healthz", errors: 9, excluded_from_rates: true });
  expect(metrics.totals()).toMatchObject([
    { excludedFromRates: false },
    { excludedFromRates: true, errors: 9 },
  ]);
  expect(metrics.recorded).toBe(10);
});

test("a process without requests reports zeros", () => {
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
    percentile_error_percent: 0.781,
    statuses: { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 },
    in_flight: 0,
    last_error: null,
  });
});

test("requests in flight are counted per endpoint and in total", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  const endpoint = metrics.endpoint("GET", "/a");
  const arrivedMs = metrics.arrive();
  endpoint.enter();
  metrics.arrive();
  endpoint.enter();
  metrics.arrive();
  expect(metrics.endpoints()).toMatchObject([{ route: "/a", requests: 0, in_flight: 2 }]);
  expect(metrics.summary()).toMatchObject({ requests: 0, in_flight: 3 });
  advanceSeconds(2);
  endpoint.finish(arrivedMs, 200);
  expect(metrics.endpoints()).toMatchObject([{ route: "/a", requests: 1, in_flight: 1 }]);
  expect(metrics.summary()).toMatchObject({ requests: 1, in_flight: 2, max_ms: 2_000 });
});

test("the last error has time, route and code, and other responses do not change it", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(500, 1);
  advanceSeconds(10);
  metrics.endpoint("POST", "/b").record(503, 1, "EB_TAKEN");
  const last = { status: 503, method: "POST", route: "/b", code: "EB_TAKEN", at: "1970-01-01T00:20:44.567Z" };
  advanceSeconds(7200);
  metrics.endpoint("POST", "/b").record(404, 1);
  expect(metrics.summary().last_error).toEqual(last);
  metrics.endpoint("GET", "/a").record(200, 1);
  expect(metrics.endpoints()).toMatchObject([
    { route: "/a", last_error: { status: 500, code: null, at: "1970-01-01T00:20:34.567Z" } },
    { route: "/b", last_error: last },
  ]);
});

test.each([600, -600])(
  "the last error has the time of the wall clock after it was moved by %i s",
  (seconds) => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const metrics = new PerformanceMetrics({ clock });
    clock.stepMs(seconds * 1_000);
    metrics.summary();
    clock.advanceMs(3_000);
    metrics.endpoint("GET", "/a").record(500, 1);
    const at = clock.now().toISOString();
    expect(metrics.summary()).toMatchObject({ requests: 1, last_error: { at } });
    clock.advanceMs(30_000);
    expect(metrics.summary()).toMatchObject({ requests: 1, last_error: { at } });
  },
);

test("the time of the last error does not change when the machine sleeps", () => {
  const clock = new StandingClock("2026-03-10T06:00:00Z");
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(500, 1);
  clock.stepMs(3_600_000);
  for (const passedMs of [0, 5_000]) {
    clock.advanceMs(passedMs);
    expect(metrics.summary()).toMatchObject({ requests: 0, last_error: { at: "2026-03-10T06:00:00.000Z" } });
  }
});

test("a wall clock set back neither removes requests from a window nor counts them twice", () => {
  const clock = new StandingClock("2026-03-10T06:00:00Z");
  const metrics = new PerformanceMetrics({ clock });
  for (const seconds of [0, -600, 600, -30, 30]) {
    clock.stepMs(seconds * 1_000);
    metrics.endpoint("GET", "/a").record(200, 1);
    expect(metrics.summary("1m").requests).toBe(metrics.recorded);
    clock.advanceMs(5_000);
  }
});

test.each([
  { window: "1m", inside: 60, outside: 66 },
  { window: "5m", inside: 300, outside: 361 },
  { window: "15m", inside: 900, outside: 961 },
  { window: "1h", inside: 3600, outside: 3661 },
] as const)(
  "a request is in the window of $window for no shorter than that, and leaves it soon after",
  ({ window, inside, outside }) => {
    const { clock, advanceSeconds } = testClock();
    const metrics = new PerformanceMetrics({ clock });
    metrics.endpoint("GET", "/a").record(200, 1000);
    advanceSeconds(inside);
    metrics.endpoint("GET", "/a").record(200, 1);
    expect(metrics.summary(window)).toMatchObject({ requests: 2, max_ms: 1000 });
    advanceSeconds(outside - inside);
    expect(metrics.summary(window)).toMatchObject({ requests: 1, max_ms: 1, p99_ms: 1 });
  },
);

test("a new interval is empty, and the requests of the previous one are counted once", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  for (let n = 0; n < 3; n++) metrics.endpoint("GET", "/a").record(500, 100);
  advanceSeconds(66);
  for (const durationMs of [1, 1, 200]) metrics.endpoint("GET", "/a").record(200, durationMs);
  expect(metrics.summary("1m")).toMatchObject({ requests: 3, errors: 0, mean_ms: 67.333, max_ms: 200 });
  expect(metrics.summary("1m").p50_ms).toBeLessThan(2);
});

test("a slow request leaves the window when its place in the ring is reused", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(500, 1000);
  advanceSeconds(24 * 3600);
  expect(metrics.summary("1m").requests).toBe(0);
  expect(metrics.summary("1h").requests).toBe(0);
});

test("endpoints are counted by route and method, and requests without a route share a name", () => {
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

test("endpoints above the limit share a name, and count in the total", () => {
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

test("methods unknown to HTTP share a name, so that clients cannot create series", () => {
  const metrics = new PerformanceMetrics();
  for (let n = 0; n < 1000; n++) metrics.endpoint(`WORD${n}`, "/a").record(200, 1);
  expect(metrics.endpoints()).toMatchObject([{ method: otherMethod, route: "/a", requests: 1000 }]);
});

test("totals never decrease and outlast the windows, for each status class", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  for (const ms of [1, 5, 5.001, 80, 20_000]) metrics.endpoint("GET", "/a").record(200, ms);
  metrics.endpoint("GET", "/a").record(503, 2);
  advanceSeconds(7200);
  metrics.endpoint("GET", "/a").record(200, 1);
  const [row, ...others] = metrics.totals();
  expect(others).toEqual([]);
  expect(row).toMatchObject({ route: "/a", method: "GET" });
  const [fine, failed] = row?.statuses ?? [];
  expect(fine).toMatchObject({ statusClass: 2, count: 6 });
  expect(fine?.sumMs).toBeCloseTo(20_092.001);
  expect(fine?.buckets).toEqual([3, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(fine?.buckets).toHaveLength(bucketBoundsMs.length + 1);
  expect(failed).toMatchObject({ statusClass: 5, count: 1, sumMs: 2 });
});

test("a finished minute has its requests and is returned once", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  const [before, first, second] = ["00:19", "00:20", "00:21"].map((time) =>
    Date.parse(`1970-01-01T${time}:00Z`),
  ) as [number, number, number];
  metrics.endpoint("GET", "/a").record(200, 3);
  advanceSeconds(20);
  metrics.endpoint("GET", "/a").record(500, 40);
  expect(metrics.minutesAfter(before)).toEqual([]);
  advanceSeconds(6);
  metrics.endpoint("GET", "/b").record(200, 1);
  for (let seconds = 0; seconds < 59; seconds++) {
    expect(metrics.minutesAfter(first)).toEqual([]);
    const [minute, ...others] = metrics.minutesAfter(before);
    expect(others).toEqual([]);
    expect(minute?.startedAt.getTime()).toBe(first);
    expect(minute?.endpoints).toMatchObject([
      {
        route: "/a",
        method: "GET",
        requests: 2,
        errors: 1,
        totalMs: 43,
        maxMs: 40,
        statuses: [0, 1, 0, 0, 1],
      },
    ]);
    const durations = new LatencyHistogram();
    durations.add(minute?.endpoints[0]?.counts ?? new Uint8Array());
    expect(durations.percentilesMs([50])[0]).toBeCloseTo(3, 1);
    advanceSeconds(1);
  }
  advanceSeconds(1);
  expect(metrics.minutesAfter(first)).toMatchObject([{ endpoints: [{ route: "/b", requests: 1 }] }]);
  advanceSeconds(60);
  expect(metrics.minutesAfter(second)).toMatchObject([{ endpoints: [] }]);
});

test("uncollected minutes are returned together, without empty ones", () => {
  const { clock, advanceSeconds } = testClock();
  const metrics = new PerformanceMetrics({ clock });
  metrics.endpoint("GET", "/a").record(200, 1);
  advanceSeconds(120);
  metrics.endpoint("GET", "/b").record(200, 1);
  metrics.endpoint("GET", "/a").record(200, 1);
  advanceSeconds(180);
  expect(
    metrics
      .minutesAfter(0)
      .map(({ startedAt, endpoints }) => [
        startedAt.toISOString().slice(11, 16),
        ...endpoints.map(({ route }) => route),
      ]),
  ).toEqual([["00:20", "/a"], ["00:22", "/a", "/b"], ["00:24"]]);
});

test("an hour of any traffic adds up to the recorded requests", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 5_000 })), { maxLength: 60 }),
      (steps) => {
        const { clock, advanceSeconds } = testClock();
        const metrics = new PerformanceMetrics({ clock });
        const recorded: { atSeconds: number; durationMs: number }[] = [];
        let nowSeconds = 1_234.567;
        for (const [pauseSeconds, durationMs] of steps) {
          advanceSeconds(pauseSeconds);
          nowSeconds += pauseSeconds;
          metrics.endpoint("GET", "/a").record(200, durationMs);
          recorded.push({ atSeconds: nowSeconds, durationMs });
        }
        for (const [window, seconds, interval] of [
          ["1m", 60, 5],
          ["5m", 300, 60],
          ["1h", 3600, 60],
        ] as const) {
          const since = Math.floor(nowSeconds / interval) * interval - seconds;
          const inside = recorded.filter(({ atSeconds }) => atSeconds >= since);
          expect(metrics.summary(window)).toMatchObject({
            requests: inside.length,
            max_ms: Math.max(0, ...inside.map(({ durationMs }) => durationMs)),
          });
        }
      },
    ),
    { numRuns: 50 },
  );
});
