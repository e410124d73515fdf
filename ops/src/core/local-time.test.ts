import { expect, test } from "vitest";
import { formatSpan, formatTime } from "./local-time.ts";

const now = new Date("2026-11-26T21:50:00Z");

test.each([
  ["2026-11-26T21:44:10Z", "Asia/Kolkata", "03:14 IST"],
  ["2026-11-26T12:00:00Z", "Asia/Kolkata", "26 Nov 17:30 IST"],
  ["2026-11-26T21:44:10Z", "Europe/Berlin", "22:44 CET"],
  ["2026-07-26T21:44:10Z", "Europe/Berlin", "26 Jul 23:44 CEST"],
  ["2026-11-26T21:44:10Z", "America/New_York", "16:44 EST"],
  ["2026-11-26T21:44:10Z", "UTC", "21:44 UTC"],
  ["2026-11-26T21:44:10Z", "Asia/Kathmandu", "03:29 UTC+5:45"],
])("%s in %s is %s", (time, timeZone, text) => {
  expect(formatTime(new Date(time), { timeZone, now })).toBe(text);
});

test("an invalid date is an unknown time", () => {
  expect(formatTime(new Date("yesterday"), { timeZone: "UTC", now })).toBe("an unknown time");
  expect(formatSpan(now, new Date("soon"), { timeZone: "UTC", now })).toBe("21:50 UTC");
});

test("a span names the zone once, unless it changes meanwhile", () => {
  const from = (start: string, end: string, timeZone: string) =>
    formatSpan(new Date(start), new Date(end), { timeZone, now });
  expect(from("2026-11-26T21:44:10Z", "2026-11-26T21:47:00Z", "Asia/Kolkata")).toBe("03:14 to 03:17 IST");
  expect(from("2026-10-24T23:30:00Z", "2026-10-25T01:30:00Z", "Europe/Berlin")).toBe(
    "25 Oct 01:30 CEST to 25 Oct 02:30 CET",
  );
});
