import { expect, test } from "vitest";
import { layOut } from "./graph-layout.ts";

const step = (number: number, requires: number[] = [], dependents: number[] = []) => ({
  step: number,
  title: "",
  state: "applied" as const,
  requires,
  dependents,
});

const cells = (steps: ReturnType<typeof step>[]) =>
  Object.fromEntries(layOut(steps).places.map(({ step: { step: number }, x, y }) => [number, [x, y]]));

test("a step is right of what it requires, and steps without relations are below", () => {
  const placed = cells([
    step(19, [], [20]),
    step(20, [19], [22, 25]),
    step(21),
    step(22, [20], [23]),
    step(23, [20, 22]),
    step(24),
    step(25, [20]),
  ]);
  expect(placed).toEqual({
    19: [0, 0],
    20: [76, 0],
    22: [152, 0],
    23: [228, 0],
    25: [152, 36],
    21: [0, 90],
    24: [58, 90],
  });
});

test("no two steps share a place", () => {
  const steps = [
    step(1, [], [3, 4]),
    step(2, [], [4, 5]),
    step(3, [1]),
    step(4, [1, 2], [5]),
    step(5, [2, 4]),
  ];
  const placed = Object.values(cells(steps)).map(String);
  expect(new Set(placed).size).toBe(steps.length);
});

test("there may be no step at all", () => {
  expect(layOut([])).toEqual({ places: [], width: 56, height: 36 });
});
