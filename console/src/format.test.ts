import { expect, test } from "vitest";
import type { Session } from "./api/session.ts";
import { createFormat, duration } from "./format.ts";

const session = {
  locale: "en-IN",
  time_zone: "Asia/Kolkata",
  units: { paise: { style: "currency", currency: "INR", divideBy: 100 } },
} as unknown as Session;
const format = createFormat(session);

test.each([
  [0, "0 s"],
  [-5_000, "0 s"],
  [89_000, "89 s"],
  [12 * 60_000, "12 min"],
  [3 * 3_600_000, "3 h"],
  [2 * 86_400_000, "2 days"],
])("%i ms last %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [95_081_600, "paise", "₹9,50,816"],
  [1_242_943_422, "paise", "₹1,24,29,434.22"],
  [2_459, "orders", "2,459 orders"],
  ["none", "", "none"],
])("%s %s is shown as %s", (value, unit, text) => {
  expect(format.quantity(value, unit)).toBe(text);
});

test("times are those of the service's zone, wherever the browser is", () => {
  expect(format.dateTime("2026-01-05T20:00:00Z")).toBe("6 Jan 2026, 01:30:00 IST");
  expect(format.time("2026-01-05T20:00:00Z")).toBe("6 Jan 01:30");
});

test("counts agree with their noun", () => {
  expect([format.count(1, "row"), format.count(5_562, "row")]).toEqual(["1 row", "5,562 rows"]);
});
