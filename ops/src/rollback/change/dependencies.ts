import { defineFailure } from "../../core/failure.ts";
import type { Change, Direction, StepState } from "./change.ts";
import type { StepSelection } from "./step-range.ts";

const stepHasDependents = defineFailure({
  code: "EB_STEP_HAS_DEPENDENTS",
  status: 409,
  exitStatus: 4,
  detail: "Step {steps} is required by {others}.",
  remedy: "Roll those back first, or add --cascade.",
});

const stepLacksRequirements = defineFailure({
  code: "EB_STEP_LACKS_REQUIREMENTS",
  status: 409,
  exitStatus: 4,
  detail: "Step {steps} requires {others}, which must be applied first.",
  remedy: "Re-apply those first, or add --cascade.",
});

const rangeLacksDependents = defineFailure({
  code: "EB_RANGE_HAS_GAP",
  status: 409,
  exitStatus: 4,
  detail: "Steps of the range {steps} are required by {others}, which the range does not include.",
  remedy: "Choose a range that includes them, or add --cascade.",
});

const rangeLacksRequirements = defineFailure({
  code: "EB_RANGE_HAS_GAP",
  status: 409,
  exitStatus: 4,
  detail: "Steps of the range {steps} require {others}, which the range does not include.",
  remedy: "Choose a range that includes them, or add --cascade.",
});

const refusals = {
  rollback: { step: stepHasDependents, range: rangeLacksDependents },
  reapply: { step: stepLacksRequirements, range: rangeLacksRequirements },
};

/** Applied steps that directly need the given one and would have to go before it. */
export const dependentsOf = (changes: readonly Change[], step: number): number[] =>
  changes.filter(({ requires }) => requires.includes(step)).map((change) => change.step);

/**
 * The steps that a request really moves, in the order in which they move: rolled back highest first,
 * re-applied lowest first. Steps that already are where they should be are left out.
 *
 * @throws Failure EB_STEP_HAS_DEPENDENTS, EB_STEP_LACKS_REQUIREMENTS, EB_RANGE_HAS_GAP
 */
export const orderSteps = (request: {
  changes: readonly Change[];
  states: ReadonlyMap<number, StepState>;
  selection: StepSelection;
  direction: Direction;
  cascade: boolean;
}): number[] => {
  const { changes, states, selection, direction, cascade } = request;
  const movable: StepState = direction === "rollback" ? "applied" : "rolled_back";
  const byStep = new Map(changes.map((change) => [change.step, change]));
  const neighbours = (step: number) =>
    (direction === "rollback" ? dependentsOf(changes, step) : (byStep.get(step)?.requires ?? [])).filter(
      (neighbour) => states.get(neighbour) === movable,
    );

  const moving = new Set(selection.steps.filter((step) => states.get(step) === movable));
  const missing = new Set<number>();
  for (const step of moving) {
    for (const neighbour of neighbours(step)) {
      if (moving.has(neighbour)) continue;
      // A set grows while it is walked, so that what a cascade adds brings its own neighbours along.
      if (cascade) moving.add(neighbour);
      else missing.add(neighbour);
    }
  }
  const ascending = [...moving].sort((a, b) => a - b);
  if (missing.size > 0) {
    const outside = [...missing].sort((a, b) => a - b);
    const steps = selection.steps.join(", ");
    const others = outside.join(", ");
    throw refusals[direction][selection.range ? "range" : "step"]({ steps, others }, { blocked_by: outside });
  }
  return direction === "reapply" ? ascending : ascending.reverse();
};

/**
 * Requires that changes can be applied in this order: each required step is applied, or comes before.
 *
 * @throws Failure EB_STEP_LACKS_REQUIREMENTS
 */
export const requireApplied = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): void => {
  const there = new Set([...states].filter(([, state]) => state === "applied").map(([step]) => step));
  for (const { step, requires } of changes) {
    const others = requires.filter((required) => !there.has(required));
    if (others.length > 0) throw stepLacksRequirements({ steps: step, others: others.join(", ") });
    there.add(step);
  }
};
