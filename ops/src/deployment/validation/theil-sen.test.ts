import { expect, test } from "vitest";
import { type Point, theilSenSlope } from "./theil-sen.ts";

test.each<[string, Point[], number | undefined]>([
  ["nothing", [], undefined],
  ["one point", [[0, 5]], undefined],
  [
    "one moment",
    [
      [3, 5],
      [3, 9],
    ],
    undefined,
  ],
  [
    "a line",
    [
      [0, 1],
      [1, 3],
      [2, 5],
    ],
    2,
  ],
  [
    "a line with an outlier",
    [
      [0, 0],
      [1, 1],
      [2, 900],
      [3, 3],
      [4, 4],
    ],
    1,
  ],
  [
    "an even number of slopes",
    [
      [0, 0],
      [1, 0],
      [1, 2],
    ],
    1,
  ],
])("the slope of %s", (_, points, slope) => {
  expect(theilSenSlope(points)).toBe(slope);
});

test("a day by the second is sampled, and its leak is found", () => {
  const noise = (at: number) => ((at * 7_919) % 13) - 6;
  const day = Array.from({ length: 86_400 }, (_, at): Point => [at, 1_000 + at * 0.5 + noise(at)]);
  expect(theilSenSlope(day)).toBeCloseTo(0.5, 3);
});
