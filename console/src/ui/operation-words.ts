import type { Operation } from "../api/queries.ts";

/** What an operation has done to its steps, for the middle of a sentence. */
export const doneWords: Record<Operation["kind"], string> = {
  rollback: "rolled back",
  reapply: "re-applied",
  apply: "applied",
};

/** `Step 23`, `Steps 22, 23`. */
export const stepsOf = (steps: readonly number[]): string =>
  `${steps.length === 1 ? "Step" : "Steps"} ${steps.join(", ")}`;

/**
 * One sentence about an operation: `Step 23 was rolled back.`
 *
 * @param isCurrent whether no later operation has moved its steps: `Step 23 is rolled back.`
 */
export const sentenceOf = (
  { kind, steps, state }: Pick<Operation, "kind" | "steps" | "state">,
  { isCurrent = false } = {},
): string => {
  const [is, was] = steps.length === 1 ? ["is", "was"] : ["are", "were"];
  if (state === "running") return `${stepsOf(steps)} ${is} being ${doneWords[kind]}.`;
  if (state === "completed") return `${stepsOf(steps)} ${isCurrent ? is : was} ${doneWords[kind]}.`;
  return `${stepsOf(steps)} ${was} not completely ${doneWords[kind]}: the operation ${endings[state]}.`;
};

const endings = { failed: "failed", interrupted: "was interrupted", aborted: "was aborted" };
