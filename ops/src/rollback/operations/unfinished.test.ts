import { expect, test } from "vitest";
import { operationActions } from "./unfinished.ts";

test.each([
  ["failed", "rollback", "12", null],
  ["interrupted", "reapply", "12", null],
  ["interrupted", "apply", "12", "Operation 12 is interrupted: there is nothing to resume or abort."],
  ["completed", "rollback", "12", "Operation 12 is completed: there is nothing to resume or abort."],
  ["running", "rollback", "12", "Operation 12 is running: there is nothing to resume or abort."],
  ["failed", "rollback", "13", "Operation 12 cannot be resumed, because operation 13 is newer."],
] as const)("a %s %s, when operation %s is the newest: %s", (state, kind, last, refused) => {
  expect(operationActions({ id: "12", state, kind }, last)).toEqual([
    { action: "resume", refused },
    { action: "abort", refused },
  ]);
});
