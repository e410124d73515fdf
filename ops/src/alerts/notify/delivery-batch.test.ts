import { expect, test } from "vitest";
import type { AlertSeverity, AlertType } from "../model/alert.ts";
import type { Occasion } from "../model/notification.ts";
import { type LastSent, nextBatch } from "./delivery-batch.ts";
import type { QueuedDelivery } from "./delivery-queue.ts";

interface Waiting {
  id: string;
  type?: AlertType;
  severity?: AlertSeverity;
  occasion?: Occasion;
  attempts?: number;
  refused?: boolean;
}

const delivery = ({ id, type = "API_TIMEOUT", severity = "warning", ...more }: Waiting): QueuedDelivery => ({
  attempts: more.attempts ?? 0,
  sinceMs: 0,
  ...(more.refused && { refusedAtMs: 1 }),
  entry: {
    notification: {
      id,
      occasion: more.occasion ?? "fired",
      alert: { id: id.charAt(0), type, severity },
    } as QueuedDelivery["entry"]["notification"],
    pending: {},
  },
});

const nothingSent: LastSent = new Map();
const sentAt = (nowMs: number): LastSent => new Map([["fired API_TIMEOUT warning", nowMs]]);

const next = (waiting: Waiting[], lastSent: LastSent = nothingSent, nowMs = 100_000) => {
  const batch = nextBatch(waiting.map(delivery), { lastSent, groups: true, windowMs: 10_000, nowMs });
  if (!batch) return "nothing";
  return "waitMs" in batch
    ? `wait ${batch.waitMs}`
    : batch.deliveries.map(({ entry }) => entry.notification.id).join(" ");
};

const critical = { type: "DATABASE_DOWN", severity: "critical" } as const;

test.each<[string, Waiting[], LastSent, string]>([
  ["an empty queue", [], nothingSent, "nothing"],
  ["one notification", [{ id: "a1" }], nothingSent, "a1"],
  ["several of a type", [{ id: "a1" }, { id: "b1" }, { id: "c1" }], nothingSent, "a1 b1 c1"],
  ["one right after another of its group", [{ id: "b1" }], sentAt(97_000), "wait 7000"],
  ["a group whose window is over", [{ id: "b1" }, { id: "c1" }], sentAt(90_000), "b1 c1"],
  ["a critical one behind others", [{ id: "a1" }, { id: "b1", ...critical }], nothingSent, "b1"],
  ["a critical one while a group waits", [{ id: "a1" }, { id: "b1", ...critical }], sentAt(99_000), "b1"],
  [
    "a critical one that failed three times",
    [{ id: "a1" }, { id: "b1", ...critical, attempts: 3 }],
    nothingSent,
    "a1",
  ],
  ["another severity of the type", [{ id: "a1" }, { id: "b1", severity: "error" }], nothingSent, "b1"],
  ["ends and starts", [{ id: "a1" }, { id: "b2", occasion: "resolved" }, { id: "c1" }], nothingSent, "a1 c1"],
  [
    "the next one of an alert",
    [{ id: "a1" }, { id: "a2", occasion: "resolved" }],
    sentAt(99_000),
    "wait 9000",
  ],
  ["one that was tried less", [{ id: "a1", attempts: 1, type: "CUSTOM" }, { id: "b1" }], nothingSent, "b1"],
  ["one that was refused", [{ id: "a1", refused: true }, { id: "b1" }], nothingSent, "a1"],
  ["others of its group", [{ id: "a1", refused: true, attempts: 1 }, { id: "b1" }], nothingSent, "b1"],
])("%s", (_, waiting, lastSent, expected) => {
  expect(next(waiting, lastSent)).toBe(expected);
});
