import { expect, test } from "vitest";
import { matchScore } from "./match.ts";

const texts = [
  "Step 23 delivered is billed",
  "Step 3",
  "GET /api/orders",
  "Orders know their subscription",
  "Ledger",
];

const found = (query: string) =>
  texts
    .flatMap((text) => {
      const score = matchScore(query, text);
      return score === undefined ? [] : [{ text, score }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ text }) => text);

test.each([
  ["", texts.toSorted((a, b) => a.length - b.length)],
  ["LEDG", ["Ledger"]],
  ["step 23", ["Step 23 delivered is billed"]],
  ["step 2", ["Step 23 delivered is billed"]],
  ["3 step", ["Step 3", "Step 23 delivered is billed"]],
  ["orders", ["Orders know their subscription", "GET /api/orders"]],
  ["okts", ["Orders know their subscription"]],
  ["lgr", ["Ledger"]],
  ["orders nowhere", []],
])("%j finds %j", (query, expected) => {
  expect(found(query)).toEqual(expected);
});
