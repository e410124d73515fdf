import { expect, test } from "vitest";
import { isTimeZone, momentsOf, wallClock } from "./zoned-time.ts";

const at = (text: string) => Date.parse(`${text}Z`);

test.each([
  ["2026-07-01T00:00", "Europe/Berlin", "2026-07-01T02:00"],
  ["2026-12-01T00:00", "Europe/Berlin", "2026-12-01T01:00"],
  ["2026-07-01T00:00", "Asia/Kolkata", "2026-07-01T05:30"],
  ["2026-07-01T00:00", "America/St_Johns", "2026-06-30T21:30"],
  ["2026-07-01T00:00", "Pacific/Kiritimati", "2026-07-01T14:00"],
])("%s UTC in %s is %s", (utc, zone, wall) => {
  expect(wallClock(at(utc), zone)).toBe(at(wall));
  expect(momentsOf(at(wall), zone)).toEqual({ firstMs: at(utc), lastMs: at(utc) });
});

test.each([
  // Set back at 03:00 to 02:00.
  ["2026-10-25T01:59", "Europe/Berlin", "2026-10-24T23:59", "2026-10-24T23:59"],
  ["2026-10-25T02:00", "Europe/Berlin", "2026-10-25T00:00", "2026-10-25T01:00"],
  ["2026-10-25T02:59", "Europe/Berlin", "2026-10-25T00:59", "2026-10-25T01:59"],
  ["2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00", "2026-10-25T02:00"],
  // Set forward at 02:00 to 03:00.
  ["2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T01:00"],
  ["2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T01:00"],
  ["2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T01:00"],
  ["2026-11-01T01:30", "America/New_York", "2026-11-01T05:30", "2026-11-01T06:30"],
  // By half an hour.
  ["2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-04T15:15"],
  // A day that did not exist.
  ["2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00"],
])("%s in %s is first %s and last %s UTC", (wall, zone, first, last) => {
  expect(momentsOf(at(wall), zone)).toEqual({ firstMs: at(first), lastMs: at(last) });
});

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["Europe/Bärlin", false],
  ["", false],
  ["\0", false],
])("%j is a time zone: %s", (zone, is) => {
  expect(isTimeZone(zone)).toBe(is);
});
