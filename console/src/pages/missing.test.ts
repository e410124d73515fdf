import { expect, test } from "vitest";
import { blockerOf, busyWith, missingFor } from "./missing.ts";

const complete = {
  direction: "rollback",
  may: true,
  busy: undefined,
  blocker: undefined,
  needsReason: true,
  reason: "wrong prices",
  phrases: ["revenue loss"],
  typed: { "revenue loss": "revenue loss" },
  hasPlan: true,
} as const;

type Given = Parameters<typeof missingFor>[0];

test.each<[string, Partial<Given>, string | undefined]>([
  ["a move that has everything", {}, undefined],
  ["an operator", { may: false }, "Moving a step needs an admin."],
  ["a move that runs", { busy: "The move starts." }, "The move starts."],
  ["a blocked move", { blocker: "Roll back 22 first." }, "Roll back 22 first."],
  ["a move without a dry run", { hasPlan: false }, "Still missing: a dry run."],
  ["a critical step without a reason", { reason: "  " }, "Still missing: the reason."],
  [
    "a phrase that is not complete",
    { typed: { "revenue loss": "revenue los" } },
    "Still missing: the phrase.",
  ],
  ["a phrase in another case", { typed: { "revenue loss": "Revenue loss" } }, "Still missing: the phrase."],
  ["two phrases of a cascade", { phrases: ["a", "b"], typed: { c: "a" } }, "Still missing: 2 phrases."],
  [
    "a move that has nothing",
    { reason: "", typed: {}, hasPlan: false },
    "Still missing: a dry run, the reason and the phrase.",
  ],
  ["a step of low risk without a reason", { needsReason: false, reason: "" }, undefined],
  ["a re-apply without reason and phrase", { direction: "reapply", reason: "", typed: {} }, undefined],
])("%s", (_, difference, missing) => {
  expect(missingFor({ ...complete, ...difference })).toBe(missing);
});

const free: Parameters<typeof blockerOf>[0] = {
  step: 20,
  state: "applied",
  blocked_by: [],
  cascade: { steps: [20], acknowledge: [] },
};
const required = { ...free, blocked_by: [22, 23], cascade: { steps: [23, 22, 20], acknowledge: [] } };

test("what blocks a step is a sentence, unless the blocking steps move, too", () => {
  expect(blockerOf(free)).toBeUndefined();
  expect(blockerOf(required)).toBe("Roll back 23, 22 first.");
  expect(blockerOf(required, { isCascade: true })).toBeUndefined();
  expect(
    blockerOf({ ...required, blocked_by: ["orders has no primary key: add one"] }, { isCascade: true }),
  ).toBe("orders has no primary key: add one");
  expect(blockerOf({ ...free, state: "rolled_back", cascade: { steps: [19, 20], acknowledge: [] } })).toBe(
    "Re-apply 19 first.",
  );
});

test("a busy engine says who moves what", () => {
  const operation: Parameters<typeof busyWith>[0] = {
    kind: "rollback",
    steps: [22],
    state: "running",
    requested_by: "Asha (usr_1)",
  };
  expect(busyWith(operation)).toBe("Asha works: Step 22 is being rolled back.");
});
