import { expect, test } from "vitest";
import { missingFor } from "./missing.ts";

const step: Parameters<typeof missingFor>[0]["step"] = {
  risk: "critical",
  acknowledge: "revenue loss",
  blocked_by: [],
  state: "applied",
};
const complete = {
  step,
  direction: "rollback",
  may: true,
  reason: "wrong prices",
  phrase: "revenue loss",
  hasPlan: true,
  isMoving: false,
} as const;

type Given = Parameters<typeof missingFor>[0];

test.each<[string, Partial<Given>, string | undefined]>([
  ["a move that has everything", {}, undefined],
  ["an operator", { may: false }, "Moving a step needs an admin."],
  ["a move that runs", { isMoving: true }, "The step is moving."],
  ["a move without a dry run", { hasPlan: false }, "Still missing: a dry run."],
  ["a critical step without a reason", { reason: "  " }, "Still missing: the reason."],
  ["a phrase that is not complete", { phrase: "revenue los" }, "Still missing: the phrase."],
  ["a phrase in another case", { phrase: "Revenue loss" }, "Still missing: the phrase."],
  [
    "a step of low risk without a reason",
    { step: { ...step, risk: "low", acknowledge: null }, reason: "", phrase: "" },
    undefined,
  ],
  [
    "a step of high risk without a reason",
    { step: { ...step, risk: "high", acknowledge: null }, reason: "" },
    "Still missing: the reason.",
  ],
  ["a re-apply without reason and phrase", { direction: "reapply", reason: "", phrase: "" }, undefined],
  ["a step that others require", { step: { ...step, blocked_by: [22, 23] } }, "Roll back 22, 23 first."],
  [
    "a rolled back step that lacks others",
    { step: { ...step, state: "rolled_back", blocked_by: [20] } },
    "Re-apply 20 first.",
  ],
  [
    "a step that the database refuses",
    { step: { ...step, blocked_by: ["orders has no primary key: add one"] } },
    "orders has no primary key: add one",
  ],
])("%s", (_, difference, missing) => {
  expect(missingFor({ ...complete, ...difference })).toBe(missing);
});
