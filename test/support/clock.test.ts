import { expect, test } from "vitest";
import { StandingClock } from "./clock.ts";

test("a clock that is set back keeps its monotonic time, as every clock does", () => {
  const clock = new StandingClock("2027-03-03T06:00:00Z");
  const startMs = clock.monotonicMs();
  clock.set("2027-03-01T06:00:00Z");
  expect(clock.now().toISOString()).toBe("2027-03-01T06:00:00.000Z");
  expect(clock.monotonicMs()).toBe(startMs);
  clock.set("2027-03-01T06:01:00Z");
  expect(clock.monotonicMs()).toBe(startMs + 60_000);
});
