import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../test/support/clock.ts";
import { addDays, daysBetween, firstOfMonth, hourOfDay, startOfDay, today } from "./calendar.ts";

describe("whatever the time zone of the process", () => {
  const before = process.env.TZ;
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  describe.each(["UTC", "America/Los_Angeles", "Asia/Kolkata"])("such as %s", (zone) => {
    beforeAll(() => {
      process.env.TZ = zone;
    });

    test.each([
      ["2026-03-09T18:29:59Z", "2026-03-09", 23],
      ["2026-03-09T18:30:00Z", "2026-03-10", 0],
      ["2026-03-09T23:30:00Z", "2026-03-10", 5],
      ["2025-12-31T20:00:00Z", "2026-01-01", 1],
    ])("at %s it is %s in Bengaluru, in hour %s", (now, day, hour) => {
      const clock = new StandingClock(now, "Asia/Kolkata");
      expect([today(clock), hourOfDay(clock)]).toEqual([day, hour]);
    });

    test.each([
      ["2026-03-10", "Asia/Kolkata", "2026-03-09T18:30:00.000Z"],
      ["2026-03-10", "Asia/Kathmandu", "2026-03-09T18:15:00.000Z"],
      ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"],
      ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
      // Clocks go forward at midnight: the day begins at one o'clock.
      ["2026-09-06", "America/Santiago", "2026-09-06T04:00:00.000Z"],
      // And back: the hour before midnight of the day before comes twice.
      ["2026-04-05", "America/Santiago", "2026-04-05T04:00:00.000Z"],
      ["2026-03-10", "Pacific/Kiritimati", "2026-03-09T10:00:00.000Z"],
      ["2026-03-10", "Etc/GMT+12", "2026-03-10T12:00:00.000Z"],
    ])("%s begins in %s at %s", (day, place, moment) => {
      expect(startOfDay(day, place).toISOString()).toBe(moment);
    });
  });
});

test("days are counted across months and leap years", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(daysBetween("2026-02-28", "2026-03-01")).toBe(1);
  expect(daysBetween("2026-03-01", "2026-02-28")).toBe(-1);
  expect(firstOfMonth("2026-03-31")).toBe("2026-03-01");
});
