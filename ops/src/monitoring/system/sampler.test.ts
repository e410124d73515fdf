import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cpuPercent, SystemMetrics } from "./sampler.ts";

let metrics: SystemMetrics;
afterEach(() => metrics?.stop());

const busyFor = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test("CPU time is a share of the limit", () => {
  expect(cpuPercent(250_000, 1000, 1)).toBe(25);
  expect(cpuPercent(250_000, 1000, 0.5)).toBe(50);
  expect(cpuPercent(2_000_000, 1000, 4)).toBe(50);
});

test("a blocked event loop shows as delay, utilization and CPU time of one interval", async () => {
  metrics = new SystemMetrics({ readLimits: () => ({ memory_bytes: 2 ** 40, cpus: 1 }) });
  metrics.start();
  await sleep(30);
  busyFor(400);
  await sleep(30);
  metrics.sample();
  const blocked = metrics.report();
  expect(blocked.event_loop_p99_ms).toBeGreaterThan(200);
  expect(blocked.event_loop_max_ms).toBeGreaterThanOrEqual(blocked.event_loop_p99_ms);
  expect(blocked.event_loop_utilization_percent).toBeGreaterThan(40);
  expect(blocked.cpu_percent).toBeGreaterThan(20);
  await sleep(400);
  metrics.sample();
  const calm = metrics.report();
  expect(calm.event_loop_p99_ms).toBeLessThan(blocked.event_loop_p99_ms);
  // Of both intervals together it would still be nearly half.
  expect(calm.event_loop_utilization_percent).toBeLessThan(30);
  expect(calm.max.event_loop_p99_ms).toBe(blocked.event_loop_p99_ms);
  expect(calm.mean.event_loop_p99_ms).toBeLessThan(blocked.event_loop_p99_ms);
});

test("garbage collection pauses are measured", async () => {
  metrics = new SystemMetrics();
  metrics.start();
  const kept: object[][] = [];
  for (let n = 0; n < 40; n++) kept.push(Array.from({ length: 20_000 }, () => ({ n })));
  await expect
    .poll(() => {
      metrics.sample();
      return metrics.report().max.gc_longest_ms;
    })
    .toBeGreaterThan(0);
  expect(kept).toHaveLength(40);
});

test("a sample has the memory of the process against its limit, and follows a changed limit", () => {
  let nowMs = 0;
  let memory_bytes = 2 ** 40;
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  metrics = new SystemMetrics({ clock, readLimits: () => ({ memory_bytes, cpus: 2 }) });
  const first = metrics.sample();
  expect(first.memory_bytes).toBeGreaterThan(10_000_000);
  expect(first.memory_percent).toBe(Math.round((1_000 * first.memory_bytes) / 2 ** 40) / 10);
  memory_bytes = first.memory_bytes * 2;
  expect(metrics.report().limits).toEqual({ memory_bytes: 2 ** 40, cpus: 2 });
  nowMs = 60_000;
  const later = metrics.sample();
  expect(later.memory_percent).toBeGreaterThan(30);
  expect(metrics.report()).toMatchObject({ ...later, limits: { memory_bytes, cpus: 2 } });
  expect(metrics.report().open_handles).toBeGreaterThan(0);
});
