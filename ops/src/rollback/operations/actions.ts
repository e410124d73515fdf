import type { Direction, StepState } from "../change/change.ts";
import type { RollbackStatus } from "./operation.ts";

/** The states of a step, an operation or an approval in which each action on it is allowed. */
const allowedStates = {
  rollback: ["applied"],
  reapply: ["rolled_back"],
  purge: ["rolled_back"],
  until: ["rolled_back"],
  resume: ["interrupted", "failed"],
  abort: ["interrupted", "failed"],
  approve: ["asked"],
  use: ["approved"],
  withdraw: ["asked", "approved"],
} as const satisfies Record<string, readonly (StepState | RollbackStatus | "asked" | "approved")[]>;

type Action = keyof typeof allowedStates;

export const isAllowed = (action: Action, state: string | undefined): boolean =>
  allowedStates[action].some((allowed) => allowed === state);

/** The state of a step before it moves in a direction. */
export const stateBefore = { rollback: "applied", reapply: "rolled_back" } as const satisfies Record<
  Direction,
  StepState
>;

/** The state of a step after it has moved in a direction. */
export const stateAfter = { rollback: "rolled_back", reapply: "applied" } as const satisfies Record<
  Direction,
  StepState
>;
