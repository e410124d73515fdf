import { expect, test } from "vitest";
import type { Occasion } from "../model/notification.ts";
import { enqueue, nextOfEachAlert, type QueuedDelivery } from "./delivery-queue.ts";

/** `a2` is the second notification about the alert a; tried as often as said. */
const waiting = (
  id: string,
  attempts = 0,
  minute = Number(id.slice(1)),
  occasion: Occasion = "fired",
): QueuedDelivery => ({
  attempts,
  sinceMs: 0,
  entry: {
    notification: {
      id,
      occasion,
      created_at: `2026-01-05T04:0${minute}:00.000Z`,
      alert: { id: id.charAt(0) },
    } as QueuedDelivery["entry"]["notification"],
    pending: {},
  },
});

test("of each alert, the oldest notification is next", () => {
  const queue = [waiting("a1", 3), waiting("a2"), waiting("b1"), waiting("a3"), waiting("b2")];
  expect(nextOfEachAlert(queue).map(({ entry }) => entry.notification.id)).toEqual(["a1", "b1"]);
});

test("notifications that were taken over are ordered by age, equal ones by arrival", () => {
  const queue: QueuedDelivery[] = [];
  const came = [waiting("a3"), waiting("b5"), waiting("c1"), waiting("d3", 0, 3), waiting("e9")];
  for (const one of came) enqueue(queue, one);
  expect(queue.map(({ entry }) => entry.notification.id)).toEqual(["c1", "a3", "d3", "b5", "e9"]);
});

const begins = waiting("a1", 0, 5);
const worsens = waiting("a2", 0, 3, "worsened");
const goesOn = waiting("a3", 0, 2, "reminder");
const ends = waiting("a4", 0, 1, "resolved");
const others = [waiting("b1", 0, 2), waiting("c1", 0, 4), waiting("d1", 0, 6)];

test.each([
  { came: [begins, worsens, goesOn, ends, ...others] },
  { came: [...others, begins, worsens, goesOn, ends] },
  { came: [ends, ...others, begins, worsens, goesOn] },
  { came: [...others, ends, worsens, goesOn, begins] },
  { came: [worsens, ends, begins, ...others, goesOn] },
])("what one alert has to say stays in order though the clock was set back in between", ({ came }) => {
  const queue: QueuedDelivery[] = [];
  for (const one of came) enqueue(queue, one);
  const ids = queue.map(({ entry }) => entry.notification.id);
  expect(ids.filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4"]);
  expect(ids.filter((id) => !id.startsWith("a"))).toEqual(["b1", "c1", "d1"]);
});
