import { afterEach, expect, test, vi } from "vitest";
import { createLogger } from "../core/logger.ts";
import type { DatabaseHealth } from "./database/health-check.ts";
import { gauge } from "./gauge.ts";
import type { SystemProbe } from "./health-checks.ts";
import { PerformanceMetrics } from "./requests/request-metrics.ts";
import { type MonitoringOptions, MonitoringService } from "./service.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SystemSample } from "./system/report.ts";
import { SystemMetrics } from "./system/sampler.ts";

const pool = { size: 10, in_use: 0, waiting: 0 };
const answers: DatabaseHealth = { status: "healthy", response_time_ms: 1, pool, reason: null };
const fails: DatabaseHealth = {
  status: "unhealthy",
  problem: "unreachable" as const,
  response_time_ms: null,
  pool,
  reason: "away",
};
const idle = {
  cpu_percent: 1,
  memory_bytes: 1,
  memory_percent: 1,
  event_loop_p99_ms: 0,
  event_loop_utilization_percent: 1,
};

const systemThat = (sample: () => SystemSample): SystemProbe => ({
  start: () => {},
  sample,
  report: () => new SystemMetrics().report(),
  stop: () => {},
});

/** A service whose database behaves as the test says, with the times at which it was asked. */
const monitor = (check: () => Promise<DatabaseHealth>, options: Partial<MonitoringOptions> = {}) => {
  let lost = () => {};
  const checkedAt: number[] = [];
  const service = new MonitoringService({
    database: {
      check: () => {
        checkedAt.push(Date.now());
        return check();
      },
      onLost: (listener) => {
        lost = listener;
      },
      close: () => {},
    },
    system: systemThat(() => idle),
    performance: new PerformanceMetrics(),
    log: createLogger("silent"),
    ...options,
  });
  return { service, checkedAt, lose: () => lost() };
};

/** By the global timer, which a test can turn by hand. */
const sleep = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(resolve, ms, value));

const gaps = (times: number[]) => times.slice(1).map((time, n) => time - (times[n] ?? 0));

afterEach(() => {
  vi.useRealTimers();
});

test("checks run every 5 seconds, and every second while the database fails and until it has responded twice", async () => {
  vi.useFakeTimers();
  const script = [answers, answers, answers, fails, fails, fails, answers, answers, answers];
  const { service, checkedAt } = monitor(async () => script.shift() ?? answers);
  await service.start();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(gaps(checkedAt).slice(0, 8)).toEqual([1000, 5000, 5000, 1000, 1000, 1000, 1000, 5000]);
  await service.stop();
});

test("a hanging database is checked again immediately: two failed pings fit into 10 seconds", async () => {
  vi.useFakeTimers();
  let hangs = false;
  const { service, checkedAt } = monitor(async () => (hangs ? sleep(2_000, fails) : answers));
  await service.start();
  await vi.advanceTimersByTimeAsync(1_000);
  const lastAnswerAt = checkedAt[1] ?? 0;
  hangs = true;
  await vi.advanceTimersByTimeAsync(10_000);
  const [firstFailure = 0, secondFailure = 0] = checkedAt.slice(2).map((time) => time + 2_000 - lastAnswerAt);
  expect(firstFailure).toBe(7_000);
  expect(secondFailure).toBeLessThan(9_100);
  const stopped = service.stop();
  await vi.advanceTimersByTimeAsync(2_500);
  await stopped;
});

test("a lost connection is checked immediately, but at most once a second", async () => {
  vi.useFakeTimers();
  const { service, checkedAt, lose } = monitor(async () => answers);
  await service.start();
  await vi.advanceTimersByTimeAsync(3_000);
  lose();
  await vi.advanceTimersByTimeAsync(100);
  lose();
  lose();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(gaps(checkedAt)).toEqual([1000, 2000, 1000]);
  await service.stop();
});

test.each([
  ["hangs", () => new Promise<DatabaseHealth>(() => {}), "no answer within 30 ms"],
  ["throws", () => Promise.reject(new Error("boom")), "boom"],
])("a check that %s makes the service unhealthy, and the next one still runs", async (_, check, words) => {
  let calls = 0;
  const { service } = monitor(() => (++calls === 1 ? check() : Promise.resolve(answers)), {
    patienceMs: 30,
    failingIntervalMs: 10,
  });
  await service.start();
  expect(service.snapshot).toMatchObject({
    status: "unhealthy",
    reasons: [expect.stringContaining(words)],
  });
  await expect.poll(() => service.snapshot?.status).toBe("healthy");
  await service.stop();
});

test("an error in sampling the system does not stop the checks", async () => {
  const sample = () => {
    throw new Error("no /proc");
  };
  const { service, checkedAt } = monitor(async () => answers, {
    system: systemThat(sample),
    failingIntervalMs: 5,
  });
  await service.start();
  expect(service.snapshot?.status).toBe("healthy");
  await expect.poll(() => checkedAt.length).toBeGreaterThan(1);
  await service.stop();
});

test("an error in a listener affects neither other listeners nor the next snapshot", async () => {
  const { service } = monitor(async () => answers, { failingIntervalMs: 5 });
  const seen: Snapshot[] = [];
  service.onSnapshot(() => {
    throw new Error("listener");
  });
  // Vitest fails a run in which a rejection is nobody's, and the process of a service would end.
  service.onSnapshot(async () => {
    throw new Error("asynchronous listener");
  });
  const end = service.onSnapshot((snapshot) => seen.push(snapshot));
  await service.start();
  await expect.poll(() => seen.length).toBe(2);
  end();
  await service.stop();
});

test("a check that fails is followed by the next", async () => {
  const nothing = undefined as unknown as DatabaseHealth;
  let calls = 0;
  const { service } = monitor(async () => (++calls === 2 ? nothing : answers), { failingIntervalMs: 5 });
  await service.start();
  const first = service.snapshot;
  await expect.poll(() => calls).toBeGreaterThan(2);
  await expect.poll(() => service.snapshot).not.toBe(first);
  await service.stop();
});

test("after stop there are no checks, notifications or timers, even if a check was running", async () => {
  vi.useFakeTimers();
  let answer = (_: DatabaseHealth) => {};
  const pending = () =>
    new Promise<DatabaseHealth>((resolve) => {
      answer = resolve;
    });
  const { service, checkedAt } = monitor(pending);
  const seen: Snapshot[] = [];
  service.onSnapshot((snapshot) => seen.push(snapshot));
  const started = service.start();
  const stopped = service.stop();
  answer(answers);
  await Promise.all([started, stopped]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(checkedAt).toHaveLength(1);
  expect(seen).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("there is no snapshot before the first check has finished", async () => {
  const { service } = monitor(() => sleep(20, answers));
  expect(service.snapshot).toBeUndefined();
  await service.start();
  expect(service.snapshot?.status).toBe("healthy");
  await service.stop();
});

test("a snapshot has the requests of the last minute, in total and per endpoint", async () => {
  const performance = new PerformanceMetrics();
  performance.endpoint("GET", "/a").record(200, 3);
  performance.endpoint("POST", "/b").record(503, 40);
  const { service } = monitor(async () => answers, { performance });
  await service.start();
  performance.endpoint("POST", "/b").record(503, 40);
  expect(service.snapshot?.performance).toMatchObject({
    window_seconds: 60,
    requests: 2,
    errors: 1,
    endpoints: [
      { method: "GET", route: "/a", requests: 1, p95_ms: 3 },
      { method: "POST", route: "/b", requests: 1, p95_ms: 40 },
    ],
  });
  await service.stop();
});

test("a snapshot of many endpoints has them all and does not block the event loop", async () => {
  const performance = new PerformanceMetrics();
  for (let n = 0; n < 60; n++) performance.endpoint("GET", `/${n}`).record(200, 1);
  let turns = 0;
  const takeTurns = () => {
    turns++;
    next = setImmediate(takeTurns);
  };
  let next = setImmediate(takeTurns);
  const { service } = monitor(async () => answers, { performance });
  await service.start();
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(service.snapshot?.performance.endpoints.map(({ route }) => route)).toEqual(
    Array.from({ length: 60 }, (_, n) => `/${n}`),
  );
  await service.stop();
});

test("the cost of checks, listeners and recording is measured", async () => {
  let nowMs = 0;
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const performance = new PerformanceMetrics({ clock });
  const { service } = monitor(async () => answers, {
    performance,
    clock,
    failingIntervalMs: 5,
    patienceMs: 10_000,
  });
  service.onSnapshot(() => {
    nowMs += 20;
  });
  nowMs = 980;
  await service.start();
  await service.stop();
  expect(service.overhead).toMatchObject({ cpu_percent: 2, memory_bytes: 0, seconds_per_request: 0 });
});

test("each check reads the gauges of the service, those declared later too", async () => {
  let depth = 1;
  const { service } = monitor(async () => answers, {
    gauges: [gauge("queue_depth", () => depth, { help: "Jobs." })],
    failingIntervalMs: 5,
  });
  await service.start();
  expect(service.snapshot?.gauges).toMatchObject([{ name: "queue_depth", value: 1 }]);
  depth = 2;
  service.gauge("workers", async () => 3, { help: "Workers." });
  await expect
    .poll(() => service.gauges.map(({ name, value }) => [name, value]))
    .toEqual([
      ["queue_depth", 2],
      ["workers", 3],
    ]);
  await service.stop();
});
