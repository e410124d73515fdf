import { expect, test } from "vitest";
import { morningsWithin } from "./mornings.ts";

const hourMs = 3_600_000;

test.each([
  ["from one midday to the next", "2027-03-01T12:00:00Z", 24, "UTC", ["2027-03-02T04:00:00.000Z"]],
  ["from within a morning", "2027-03-01T05:00:00Z", 24, "UTC", []],
  ["until within the second morning", "2027-03-01T12:00:00Z", 43, "UTC", ["2027-03-02T04:00:00.000Z"]],
  [
    "from the first second of a morning to the last of the next",
    "2027-03-01T04:00:00Z",
    28,
    "UTC",
    ["2027-03-01T04:00:00.000Z", "2027-03-02T04:00:00.000Z"],
  ],
  [
    "on the clocks of India",
    "2027-03-01T12:00:00Z",
    48,
    "Asia/Kolkata",
    ["2027-03-01T22:30:00.000Z", "2027-03-02T22:30:00.000Z"],
  ],
  [
    "while the clocks are set forward",
    "2027-03-26T12:00:00Z",
    48,
    "Europe/Berlin",
    ["2027-03-27T03:00:00.000Z", "2027-03-28T02:00:00.000Z"],
  ],
])("mornings %s", (_, from, hours, zone, mornings) => {
  const start = new Date(from);
  const found = morningsWithin(start, new Date(start.getTime() + hours * hourMs), zone);
  expect(found.map((each) => each.toISOString())).toEqual(mornings);
});

test("a watch of three days sees two mornings, whenever it begins", () => {
  for (let hour = 0; hour < 24; hour++) {
    const from = new Date(Date.UTC(2027, 9, 29, hour));
    const until = new Date(from.getTime() + 72 * hourMs);
    expect(morningsWithin(from, until, "Europe/Berlin").length).toBeGreaterThanOrEqual(2);
  }
});
