import { expect, test } from "vitest";
import { ClientCounter, slowThresholds } from "./index.ts";
import { RecentClients } from "./recent-clients.ts";

const failed = { slot: "green", client: "a", failed: true, latencyMs: 25 } as const;

test("a client that fails again and again counts once an hour, and a slow one once in five minutes", () => {
  const counter = new ClientCounter({ p50: 10, p95: 20, p99: 30 });
  for (let n = 0; n < 100; n++) counter.record(failed, n * 1_000);
  expect(counter.take().green).toEqual({
    requests: 100,
    clients: 1,
    failed_clients: 1,
    slow_clients: { p50: 1, p95: 1, p99: 0 },
  });
  counter.record(failed, 600_000);
  expect(counter.take().green).toMatchObject({ failed_clients: 0, slow_clients: { p95: 1 } });
  counter.record(failed, 3_600_000);
  expect(counter.take().green.failed_clients).toBe(1);
});

test("a client that failed before the thresholds changed is remembered; streams are never slow", () => {
  const counter = new ClientCounter(null);
  counter.record(failed, 0);
  const hour = { requests: 1, clients: 1, failed_clients: 0, p50_ms: 10, p95_ms: 20, p99_ms: 30 };
  expect(counter.take(slowThresholds(hour)).green).toMatchObject({ failed_clients: 1, slow_clients: null });
  counter.record(failed, 5_000);
  counter.record({ slot: "green", client: "b", failed: false, latencyMs: undefined }, 5_000);
  expect(counter.take().green).toEqual({
    requests: 2,
    clients: 2,
    failed_clients: 0,
    slow_clients: { p50: 1, p95: 1, p99: 0 },
  });
});

test("clients are forgotten in the order in which they were counted last", () => {
  const clients = new RecentClients(100);
  const isNew = (client: string, nowMs: number) => clients.isNew(client, nowMs);
  expect([isNew("a", 0), isNew("b", 50), isNew("a", 99), isNew("a", 100)]).toEqual([true, true, false, true]);
  expect([isNew("b", 149), isNew("c", 150), isNew("b", 151), isNew("a", 199), isNew("a", 200)]).toEqual([
    false,
    true,
    true,
    false,
    true,
  ]);
});
