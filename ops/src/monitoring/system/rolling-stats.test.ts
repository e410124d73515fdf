import { expect, test } from "vitest";
import { RollingStats } from "./rolling-stats.ts";

test("mean and maximum are those of the last five minutes", () => {
  const recent = new RollingStats(["a", "b"]);
  expect([recent.mean(), recent.max()]).toEqual([
    { a: 0, b: 0 },
    { a: 0, b: 0 },
  ]);
  recent.add(0, { a: 100, b: 1 });
  recent.add(1_000, { a: 50, b: 2 });
  recent.add(2_000, { a: 0, b: 6 });
  expect([recent.mean(), recent.max()]).toEqual([
    { a: 50, b: 3 },
    { a: 100, b: 6 },
  ]);
  recent.add(301_000, { a: 10, b: 0 });
  expect([recent.mean(), recent.max()]).toEqual([
    { a: 5, b: 3 },
    { a: 10, b: 6 },
  ]);
});
