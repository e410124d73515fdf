import { expect, test } from "vitest";
import { isMuteDuration, type MuteDuration, muteEnd } from "./mute-durations.ts";

test.each<[MuteDuration, string, string, string]>([
  ["15m", "2026-01-05T21:45:00Z", "Asia/Kolkata", "2026-01-05T22:00:00Z"],
  ["4h", "2026-01-05T21:45:00Z", "Asia/Kolkata", "2026-01-06T01:45:00Z"],
  // 03:15 in Kolkata: tomorrow is a whole day away.
  ["tomorrow", "2026-01-05T21:45:00Z", "Asia/Kolkata", "2026-01-07T02:30:00Z"],
  ["tomorrow", "2026-01-05T12:00:00Z", "Asia/Kolkata", "2026-01-06T02:30:00Z"],
  // The clock of Berlin goes ahead in the night.
  ["tomorrow", "2026-03-28T20:00:00Z", "Europe/Berlin", "2026-03-29T06:00:00Z"],
  ["tomorrow", "2026-12-31T23:30:00Z", "America/New_York", "2027-01-01T13:00:00Z"],
])("a mute of %s from %s in %s ends at %s", (duration, from, zone, end) => {
  expect(new Date(muteEnd(duration, Date.parse(from), zone)).toISOString()).toBe(new Date(end).toISOString());
});

test("other words are no durations", () => {
  expect(["1h", "2h", "constructor", 1, undefined].map(isMuteDuration)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
