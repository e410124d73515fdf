import { expect, test } from "vitest";
import { PerformanceMetrics } from "../requests/request-metrics.ts";
import { OverheadMeter } from "./overhead.ts";

test("the cost of recording is measured per batch and applied to all requests", () => {
  let nowMs = 0;
  let stepMs = 0;
  const clock = {
    now: () => new Date(nowMs),
    monotonicMs: () => {
      nowMs += stepMs;
      return nowMs;
    },
  };
  const performance = new PerformanceMetrics({ clock });
  const meter = new OverheadMeter({ clock, performance });
  const endpoint = performance.endpoint("GET", "/a");
  // From one look at the clock to the next it takes 0.01 ms: two for each request, and one to count a batch.
  stepMs = 0.01;
  for (let n = 0; n < 10_240; n++) endpoint.record(200, 1);
  stepMs = 0;
  nowMs = 10_240;
  meter.sample();
  expect(meter.report().seconds_per_request).toBeCloseTo(0.000_02, 6);
  // Two hundredths of a millisecond each millisecond.
  expect(meter.report().cpu_percent).toBeCloseTo(2, 1);
  expect(meter.report().memory_bytes).toBeGreaterThan(10_000);
});

test("work that throws counts too, and old costs expire", () => {
  let nowMs = 0;
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const meter = new OverheadMeter({ clock, performance: new PerformanceMetrics({ clock }) });
  expect(() =>
    meter.during(() => {
      nowMs += 50;
      throw new Error("boom");
    }),
  ).toThrow("boom");
  nowMs = 1_000;
  meter.sample();
  expect(meter.report().cpu_percent).toBe(5);
  nowMs += 301_000;
  meter.sample();
  expect(meter.report().cpu_percent).toBe(0);
});

test("a slow first check counts only for its duration", () => {
  let nowMs = 0;
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const meter = new OverheadMeter({ clock, performance: new PerformanceMetrics({ clock }) });
  meter.during(() => {
    nowMs += 20;
  });
  nowMs = 100;
  meter.sample();
  nowMs = 2_000;
  expect(meter.report().cpu_percent).toBe(1);
  nowMs = 5_000;
  meter.sample();
  expect(meter.report().cpu_percent).toBe(0.4);
});
