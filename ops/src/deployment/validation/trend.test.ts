import { expect, test } from "vitest";
import { type Measured, trendOf } from "./trend.ts";

/** The same in each run, from -1 to 1. */
const noise = (at: number): number => {
  const x = Math.sin(at * 12.9898) * 43_758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
const series = (points: number, valueAt: (minute: number) => number): Measured[] =>
  Array.from({ length: points }, (_, minute) => ({
    at: new Date(Date.UTC(2027, 2, 1, 6, minute)),
    value: valueAt(minute),
  }));
const mb = 1_000_000;

test.each<[string, number, (minute: number) => number, string]>([
  [
    "a leak of 1 MB a minute under noise of 40 MB",
    240,
    (at) => 400 * mb + at * mb + 40 * mb * noise(at),
    "rising",
  ],
  ["a steady process with noise of 80 MB", 240, (at) => 400 * mb + 80 * mb * noise(at), "steady"],
  ["a sawtooth of the garbage collector", 240, (at) => (400 + 10 * (at % 30)) * mb, "steady"],
  ["a small growth", 240, (at) => 400 * mb + at * 0.1 * mb + 10 * mb * noise(at), "steady"],
  ["a process that warms up, and then stays", 240, (at) => (400 - 200 * Math.exp(-at / 40)) * mb, "steady"],
  ["a single peak", 240, (at) => (at === 200 ? 4_000 : 400) * mb, "steady"],
  ["a short rise that may be chance", 6, (at) => (400 + 40 * at) * mb, "unclear"],
  ["four measurements", 4, (at) => (400 + 40 * at) * mb, "unknown"],
])("%s", (_, points, valueAt, trend) => {
  expect(trendOf(series(points, valueAt), { tolerance: 0.2 }).trend).toBe(trend);
});

test("steady noise is hardly ever taken for a leak", () => {
  const found = Array.from({ length: 300 }, (_, run) =>
    trendOf(
      series(120, (at) => 100 + 30 * noise(at + run * 1_000)),
      { tolerance: 0 },
    ),
  );
  expect(found.filter(({ trend }) => trend === "rising").length).toBeLessThan(3);
});

test("a rise below the least growth is none", () => {
  const doubles = series(100, (at) => 2 + at / 20);
  expect(trendOf(doubles, { tolerance: 0.5 }).trend).toBe("rising");
  expect(trendOf(doubles, { tolerance: 0.5, leastGrowth: 20 }).trend).toBe("steady");
});
