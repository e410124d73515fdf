import { z } from "zod";
import { defineFailure, type Failure } from "../../core/failure.ts";
import { isAllowed } from "./actions.ts";
import type { RollbackOperation } from "./operation.ts";

const nothingToResume = defineFailure({
  code: "EB_NOTHING_TO_RESUME",
  status: 409,
  exitStatus: 4,
  detail: "Operation {id} is {state}: there is nothing to resume or abort.",
  remedy: '"earlybird history" lists interrupted and failed operations.',
});

const operationOvertaken = defineFailure({
  code: "EB_OPERATION_OVERTAKEN",
  status: 409,
  exitStatus: 4,
  detail: "Operation {id} cannot be resumed, because operation {last} is newer.",
  remedy: '"earlybird status" shows the state of the steps; roll back or re-apply them from there.',
});

const goals = ["resume", "abort"] as const;
export type Goal = (typeof goals)[number];

/** What can be done with an operation, and the reason if it cannot. */
export const operationActionSchema = z.object({
  action: z.enum(goals),
  refused: z.string().nullable().describe("Why it is not possible now; null if it is."),
});

/** The refusal to resume or abort an operation; undefined if it is possible. `last` is the newest operation. */
export const refusalOf = (
  goal: Goal,
  { id, state, kind }: Pick<RollbackOperation, "id" | "state" | "kind">,
  last: string,
): Failure | undefined => {
  if (!isAllowed(goal, state) || kind === "apply") return nothingToResume({ id, state });
  return id === last ? undefined : operationOvertaken({ id, last });
};

/** The same for all actions, as sentences. */
export const operationActions = (
  operation: Pick<RollbackOperation, "id" | "state" | "kind">,
  last: string,
): z.infer<typeof operationActionSchema>[] =>
  goals.map((action) => ({ action, refused: refusalOf(action, operation, last)?.detail ?? null }));
