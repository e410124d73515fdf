import { Failure } from "../../core/failure.ts";
import type { Change, Direction, StepState } from "./change.ts";
import type { StepSelection } from "./step-range.ts";

const list = (steps: readonly number[]) => steps.join(", ");

const stepHasDependents = (step: number, dependents: readonly number[]) =>
  new Failure(
    "EB_STEP_HAS_DEPENDENTS",
    409,
    `Step ${step} is needed by ${list(dependents)}.`,
    "Roll those back first, or add --cascade.",
    { blocked_by: dependents },
  ).exitingWith(4);

const stepLacksRequirements = (step: number, missing: readonly number[]) =>
  new Failure(
    "EB_STEP_LACKS_REQUIREMENTS",
    409,
    `Step ${step} needs ${list(missing)}, which ${missing.length === 1 ? "is" : "are"} rolled back.`,
    "Re-apply those first, or add --cascade.",
    { blocked_by: missing },
  ).exitingWith(4);

const rangeHasGap = (direction: Direction, steps: readonly number[], missing: readonly number[]) =>
  new Failure(
    "EB_RANGE_HAS_GAP",
    409,
    direction === "rollback"
      ? `Steps ${list(missing)} need steps of the range ${list(steps)} and are not in it.`
      : `Steps of the range ${list(steps)} need ${list(missing)}, which are rolled back and not in it.`,
    "Choose a range that includes them, or add --cascade.",
    { blocked_by: missing },
  ).exitingWith(4);

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
    if (selection.range) throw rangeHasGap(direction, selection.steps, outside);
    const step = selection.steps[0] ?? 0;
    throw direction === "rollback" ? stepHasDependents(step, outside) : stepLacksRequirements(step, outside);
  }
  return direction === "reapply" ? ascending : ascending.reverse();
};
