import type { RollbackOperation } from "../rollback/index.ts";

type OperationKind = RollbackOperation["kind"];

/** `The rollback of step 23 failed.` */
export const operationNouns: Record<OperationKind, string> = {
  apply: "application",
  rollback: "rollback",
  reapply: "re-apply",
};

const done: Record<OperationKind, string> = {
  apply: "applied",
  rollback: "rolled back",
  reapply: "re-applied",
};

/** `step 23`, `steps 22, 23` */
export const nameSteps = (steps: readonly number[]): string =>
  `${steps.length === 1 ? "step" : "steps"} ${steps.join(", ")}`;

/** `Step 23 was rolled back`, `Steps 22, 23 were re-applied` */
export const describeMove = (kind: OperationKind, steps: readonly number[]): string =>
  `S${nameSteps(steps).slice(1)} ${steps.length === 1 ? "was" : "were"} ${done[kind]}`;
