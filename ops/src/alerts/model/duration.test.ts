import { expect, test } from "vitest";
import { formatDuration } from "./duration.ts";

test.each([
  [0, "1 s"],
  [41_001, "42 s"],
  [59_999, "1 min"],
  [190_000, "3 min 10 s"],
  [7_500_000, "2 h 5 min"],
  [90_000_000, "25 h"],
])("%i ms are %s", (durationMs, words) => {
  expect(formatDuration(durationMs)).toBe(words);
});
