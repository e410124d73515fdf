import { describe, expect, test } from "vitest";
import { parseSteps } from "./step-range.ts";

const known = [19, 20, 22, 25];

describe("steps are named by a number or by both ends of a range", () => {
  test.each([
    ["20", { steps: [20], range: false }],
    ["19..22", { steps: [19, 20, 22], range: true }],
    ["22..19", { steps: [19, 20, 22], range: true }],
    ["20..20", { steps: [20], range: true }],
    [" 25 ", { steps: [25], range: false }],
  ])("%s", (text, expected) => {
    expect(parseSteps(text, known)).toEqual(expected);
  });

  test.each([
    "",
    "x",
    "19..",
    "..22",
    "19-22",
    "19...22",
    "19..20..22",
    "-19",
    "1.5",
    "19,20",
    "9".repeat(400),
  ])('"%s" is malformed: usage error', (text) => {
    expect(() => parseSteps(text, known)).toThrowError(
      expect.objectContaining({ code: "EB_RANGE_MALFORMED", exitStatus: 2 }),
    );
  });

  test.each(["21", "0", "19..23", "18..20"])("%s names a step that does not exist", (text) => {
    expect(() => parseSteps(text, known)).toThrowError(
      expect.objectContaining({ code: "EB_STEP_UNKNOWN", exitStatus: 2 }),
    );
  });
});
