import { expect, test } from "vitest";
import { gridOf, timesOf } from "./series-grid.ts";

const minute = 60_000;
const at = (minutes: number) => new Date(1_800_000_000_000 + minutes * minute);
const seconds = (minutes: number) => 1_800_000_000 + minutes * 60;

test.each([
  ["an hour in 60 points", 0, 60, 60, { stepMs: minute, first: 0, length: 60 }],
  ["an hour in 20 points", 0, 60, 20, { stepMs: 3 * minute, first: 0, length: 20 }],
  ["fewer minutes than points", 0, 5, 240, { stepMs: minute, first: 0, length: 5 }],
  ["a range that begins within a point", 1, 61, 20, { stepMs: 3 * minute, first: 0, length: 21 }],
  ["no time at all", 7, 7, 20, { stepMs: minute, first: 7, length: 0 }],
  ["an end before the beginning", 9, 7, 20, { stepMs: minute, first: 9, length: 0 }],
])("%s", (_, from, until, points, { stepMs, first, length }) => {
  const grid = gridOf({ from: at(from), until: at(until), points, unitMs: minute });
  expect(grid).toEqual({ startMs: at(first).getTime(), stepMs, length });
  expect(timesOf(grid)).toHaveLength(length);
  if (length > 0) expect(timesOf(grid)[0]).toBe(seconds(first));
});
