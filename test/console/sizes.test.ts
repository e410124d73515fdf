import { expect, test } from "vitest";
import { consoleSizes } from "../support/console-sizes.ts";

test("the built console keeps its budgets", () => {
  const { firstLoad, fonts, largestChunk } = consoleSizes();
  const withinKb = (bytes: number, limit: number) =>
    expect(Math.ceil(bytes / 1_000)).toBeLessThanOrEqual(limit);
  withinKb(firstLoad, 130);
  withinKb(fonts, 90);
  withinKb(largestChunk.bytes, 25);
  // Neither a typing error in the name of a file nor a missing build passes.
  expect(firstLoad).toBeGreaterThan(60_000);
  expect(largestChunk.bytes).toBeGreaterThan(1_000);
});
