import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cpuPercent, memoryLimit, SystemMetrics } from "./system-metrics.ts";

const metrics = new SystemMetrics();
afterEach(() => metrics.stop());

const machine = 8 * 2 ** 30;

test.each([
  { says: "nothing", constrained: undefined, limit: machine },
  { says: "zero", constrained: 0, limit: machine },
  { says: "the unlimited of cgroup v1", constrained: 2 ** 63 - 4096, limit: machine },
  { says: "the unlimited of cgroup v2", constrained: 2 ** 64, limit: machine },
  { says: "more than the machine has", constrained: machine + 1, limit: machine },
  { says: "not a number", constrained: Number.NaN, limit: machine },
  { says: "half a gigabyte", constrained: 2 ** 29, limit: 2 ** 29 },
])("the memory limit when the container says $says", ({ constrained, limit }) => {
  expect(memoryLimit(constrained, machine)).toBe(limit);
});

test("the share of a processor is that of one, and two busy ones make 200", () => {
  expect(cpuPercent(250_000, 1000)).toBe(25);
  expect(cpuPercent(2_000_000, 1000)).toBe(200);
});

test("a blocked event loop shows as delay and as processor time, and is forgotten in the next interval", async () => {
  metrics.start();
  await sleep(300);
  metrics.sample();
  await sleep(30);
  const until = performance.now() + 400;
  while (performance.now() < until);
  await sleep(30);
  const blocked = metrics.sample();
  expect(blocked.event_loop_p99_ms).toBeGreaterThan(200);
  expect(blocked.cpu_percent).toBeGreaterThan(20);
  await sleep(400);
  expect(metrics.sample().event_loop_p99_ms).toBeLessThan(blocked.event_loop_p99_ms);
});

test("a sample tells what the process occupies", () => {
  const { memory_bytes, memory_percent } = metrics.sample();
  expect(memory_bytes).toBeGreaterThan(10_000_000);
  expect(memory_percent).toBeGreaterThan(0);
  expect(memory_percent).toBeLessThan(100);
});
