import { Writable } from "node:stream";
import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import type { Snapshot } from "../monitoring/index.ts";
import { type Alert, AlertSeverity, AlertType } from "./alert.ts";
import { AlertManager } from "./alert-manager.ts";
import type { Notification } from "./notification.ts";

const pool = { size: 10, in_use: 0, waiting: 0 };
const base = {
  taken_at: new Date(),
  reasons: [],
  system: { cpu_percent: 0, memory_bytes: 0, memory_percent: 0, event_loop_p99_ms: 0 },
};
const up: Snapshot = {
  ...base,
  status: "healthy",
  database: { status: "healthy", response_time_ms: 1, pool, reason: null },
};
const down: Snapshot = {
  ...base,
  status: "unhealthy",
  database: { status: "unhealthy", response_time_ms: null, pool, reason: "ECONNREFUSED" },
};

let nowMs: number;
let told: Alert[];
let logged: Record<string, unknown>[];
let alerts: AlertManager;

/** Takes one snapshot a second. */
const observe = (...snapshots: Snapshot[]) => {
  for (const snapshot of snapshots) {
    alerts.observe(snapshot);
    nowMs += 1_000;
  }
};

beforeEach(() => {
  nowMs = Date.parse("2026-01-05T04:00:00Z");
  told = [];
  logged = [];
  const clock: Clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const lines = new Writable({
    write: (line, _, done) => {
      logged.push(JSON.parse(String(line)));
      done();
    },
  });
  const send = async ({ alert }: Notification) => {
    told.push(alert);
    return { result: "accepted" } as const;
  };
  alerts = new AlertManager({ channels: [{ name: "test", send }], log: pino(lines), clock });
});

test("two failed pings raise DATABASE_DOWN once, with its reason and its beginning", async () => {
  observe(up, down, down, down, down);
  await alerts.stop();
  expect(told).toEqual([
    {
      id: expect.any(String),
      type: "DATABASE_DOWN",
      severity: "critical",
      state: "firing",
      message: "The database does not answer.",
      details: { reason: "ECONNREFUSED", failing_since: "2026-01-05T04:00:01.000Z" },
      fired_at: "2026-01-05T04:00:02.000Z",
      resolved_at: null,
    },
  ]);
  expect(alerts.active()).toEqual(told);
});

test("two good pings resolve it, and tell how long the outage was", async () => {
  observe(down, down, ...Array<Snapshot>(40).fill(down), up, down, up, up, up);
  await alerts.stop();
  expect(told.map(({ state }) => state)).toEqual(["firing", "resolved"]);
  expect(told[1]).toMatchObject({
    id: told[0]?.id,
    message: "The database answers again, after 44 s.",
    details: { reason: "ECONNREFUSED", outage_seconds: 44 },
    resolved_at: "2026-01-05T04:00:45.000Z",
  });
  expect(alerts.active()).toEqual([]);
});

test("a single failed ping is told to nobody", async () => {
  observe(up, down, up, down, up);
  await alerts.stop();
  expect([told, alerts.active(), logged]).toEqual([[], [], []]);
});

test("each transition is in the log as JSON with the alert", () => {
  observe(down, down, up, up);
  expect(logged).toMatchObject([
    { msg: "alert DATABASE_DOWN firing: The database does not answer.", alert: { severity: "critical" } },
    { msg: expect.stringContaining("resolved"), alert: { state: "resolved" } },
  ]);
});

test("the history has each incident once, newest first, and can be narrowed down", () => {
  for (let n = 0; n < 3; n++) observe(down, down, up, up);
  observe(down, down);
  const all = alerts.history({ limit: 10 });
  expect(all.map(({ state }) => state)).toEqual(["firing", "resolved", "resolved", "resolved"]);
  expect(alerts.history({ limit: 2 })).toEqual(all.slice(0, 2));
  expect(alerts.history({ limit: 10, before: new Date(all[1]?.fired_at ?? "") })).toEqual(all.slice(2));
  expect(alerts.history({ limit: 10, type: AlertType.DATABASE_DOWN })).toHaveLength(4);
  expect(alerts.history({ limit: 10, severity: AlertSeverity.WARNING })).toEqual([]);
});

test("the history keeps the last thousand", () => {
  for (let n = 0; n < 1_005; n++) observe(down, down, up, up);
  const all = alerts.history({ limit: 5_000 });
  expect(all).toHaveLength(1_000);
  expect(all[0]?.fired_at).toBe(new Date(nowMs - 3_000).toISOString());
});

test("a stopped manager takes no more notice", async () => {
  let listener = (_: Snapshot) => {};
  const source = {
    onSnapshot: (next: (snapshot: Snapshot) => void) => {
      listener = next;
      return () => {
        listener = () => {};
      };
    },
  };
  alerts.watch(source);
  await alerts.stop();
  for (const snapshot of [down, down, down]) listener(snapshot);
  expect(alerts.active()).toEqual([]);
});
