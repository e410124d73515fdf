import { expect, test, vi } from "vitest";
import type { Alert, Health } from "../api/queries.ts";
import { createBatch } from "./batch.ts";
import { type LiveMessage, type LiveState, reduce } from "./event.ts";

const alert = (id: string, message = "") => ({ id, message }) as Alert;
const snapshot = {
  event: "snapshot",
  data: {
    server_time: "2026-03-10T06:00:00Z",
    health: { status: "healthy" } as Health,
    alerts: [alert("a")],
    mutes: [],
    operation: null,
    progress: null,
    release: null,
  },
} satisfies LiveMessage;

const after = (...events: LiveMessage[]) => events.reduce<LiveState | undefined>(reduce, undefined);

test("events change the state that a snapshot has begun", () => {
  expect(after({ event: "alert", data: { change: "began", alert: alert("b") } })).toBeUndefined();
  const state = after(
    snapshot,
    { event: "alert", data: { change: "began", alert: alert("b") } },
    { event: "alert", data: { change: "changed", alert: alert("b", "worse") } },
    { event: "alert", data: { change: "ended", alert: alert("a") } },
    { event: "health", data: { status: "degraded" } as Health },
    { event: "heartbeat", data: { server_time: "2026-03-10T06:00:05Z" } },
  );
  expect(state).toMatchObject({ health: { status: "degraded" }, alerts: [{ id: "b", message: "worse" }] });
  expect(state?.alerts).toHaveLength(1);
});

test("many events of a moment are passed on together, the first one at once", () => {
  vi.useFakeTimers();
  const batches: number[][] = [];
  const batch = createBatch<number>(500, (items) => batches.push(items));
  for (const item of [1, 2, 3]) batch.add(item);
  expect(batches).toEqual([[1]]);
  vi.advanceTimersByTime(500);
  batch.add(4);
  vi.advanceTimersByTime(1_100);
  batch.add(5);
  expect(batches).toEqual([[1], [2, 3], [4], [5]]);
  vi.useRealTimers();
});
