import { expect, test } from "vitest";
import { impactLines } from "./impact.ts";

const line = (label: string, more: object = {}) => ({ label, value: 1, unit: "loans", ...more });

test("a line without a group stands alone under its label, and the first one is the headline", () => {
  expect(impactLines([line("lost"), line("of these: old", { group: "of these", key: "old" })])).toEqual([
    { label: "lost", value: 1, unit: "loans", group: null, key: "lost", headline: true },
    { label: "of these: old", value: 1, unit: "loans", group: "of these", key: "old", headline: false },
  ]);
});

test("a declared headline is the only one, also when the lines are completed twice", () => {
  const lines = impactLines([line("lost"), line("in a year", { headline: true })]);
  expect(lines.map(({ headline }) => headline)).toEqual([false, true]);
  expect(impactLines(lines)).toEqual(lines);
});
