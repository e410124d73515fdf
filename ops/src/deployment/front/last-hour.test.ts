import { expect, test } from "vitest";
import { LastHour } from "./last-hour.ts";

const minuteMs = 60_000;
const counts = (requests: number, failed_clients = 0) => ({
  requests,
  clients: requests,
  failed_clients,
  slow_clients: null,
});

test("an hour has the percentiles of its latencies, at most 1 % too high, and its counts added up", () => {
  const hour = new LastHour(1_000);
  for (let n = 1; n <= 1_000; n++) {
    if (n === 1_000) expect(hour.baseline("blue", n)).toBeNull();
    hour.addLatency("blue", n / 10, n * 100);
    hour.addTick("blue", counts(1, n % 10 === 0 ? 1 : 0), n * 100);
  }
  const baseline = hour.baseline("blue", 100_000);
  expect(baseline).toMatchObject({ requests: 1_000, clients: 1_000, failed_clients: 100 });
  for (const [key, exact] of [
    ["p50_ms", 50],
    ["p95_ms", 95],
    ["p99_ms", 99],
  ] as const) {
    expect(baseline?.[key]).toBeGreaterThanOrEqual(exact);
    expect(baseline?.[key]).toBeLessThan(exact * 1.01);
  }
  expect(hour.baseline("green", 100_000)).toBeNull();
});

test("minutes that are older than an hour are forgotten, also while nothing happens", () => {
  const hour = new LastHour(1);
  hour.addTick("blue", counts(10), 0);
  hour.addLatency("blue", 1, 0);
  hour.addTick("blue", counts(5), 30 * minuteMs);
  hour.addLatency("blue", 9, 30 * minuteMs);
  expect(hour.baseline("blue", 59 * minuteMs)).toMatchObject({ requests: 15, p50_ms: expect.closeTo(1, 1) });
  expect(hour.baseline("blue", 60 * minuteMs)).toMatchObject({ requests: 5, p50_ms: expect.closeTo(9, 0) });
  expect(hour.baseline("blue", 90 * minuteMs)).toBeNull();
  hour.addTick("blue", counts(7), 200 * minuteMs);
  // Nothing was timed: all may have been streams.
  expect(hour.baseline("blue", 200 * minuteMs)).toBeNull();
});
