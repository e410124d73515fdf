import { expect, test } from "vitest";
import { plannedTime } from "./planned-time.ts";

test.each([
  ["2026-12-01T02:00", "Europe/Berlin", "2026-12-01T01:00:00.000Z", "2026-12-01T01:00:00.000Z"],
  ["2026-12-01T02:00", "Asia/Kolkata", "2026-11-30T20:30:00.000Z", "2026-11-30T20:30:00.000Z"],
  ["2026-12-01T02:00:30Z", "Asia/Kolkata", "2026-12-01T02:00:30.000Z", "2026-12-01T02:00:30.000Z"],
  ["2026-12-01T02:00-08:00", "UTC", "2026-12-01T10:00:00.000Z", "2026-12-01T10:00:00.000Z"],
  ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"],
])("%s in %s is first %s and last %s", (text, zone, first, last) => {
  const time = plannedTime(text);
  expect([time.first(zone), time.last(zone)]).toEqual([first, last]);
});

test.each(["", "tomorrow", "2026-12-01", "2026-13-01T02:00", "2026-12-01T25:00", "02:00"])(
  "%j is no time",
  (text) => {
    expect(() => plannedTime(text)).toThrow("The value must be a time");
  },
);

test("an unknown zone is refused", () => {
  expect(() => plannedTime("2026-12-01T02:00").first("Mars/Olympus")).toThrow("Mars/Olympus");
});
