import { expect, test } from "vitest";
import { number } from "./output.ts";

test.each([0, 999, 1_000, 99_999, 123_456, 12_345_678, 1_234_567_890, -123_456, 12.5, 123_456.75])(
  "%d is written as people in India write it",
  (value) => {
    expect(number(value)).toBe(value.toLocaleString("en-IN"));
  },
);
