import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../test/support/clock.ts";
import { addDays, daysBetween, firstOfMonth, startOfDay, today } from "./calendar.ts";

describe("a process in the time zone of Bengaluru", () => {
  const before = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = "Asia/Kolkata";
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  test.each([
    ["2026-03-09T18:29:59Z", "2026-03-09"],
    ["2026-03-09T18:30:00Z", "2026-03-10"],
    ["2026-03-09T23:30:00Z", "2026-03-10"],
    ["2025-12-31T20:00:00Z", "2026-01-01"],
  ])("at %s has %s", (now, day) => {
    expect(today(new StandingClock(now))).toBe(day);
  });

  test("begins a day at midnight there", () => {
    expect(startOfDay("2026-03-10").toISOString()).toBe("2026-03-09T18:30:00.000Z");
  });
});

test("days are counted across months and leap years", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(daysBetween("2026-02-28", "2026-03-01")).toBe(1);
  expect(daysBetween("2026-03-01", "2026-02-28")).toBe(-1);
  expect(firstOfMonth("2026-03-31")).toBe("2026-03-01");
});
