import { z } from "zod";
import {
  affectsSchema,
  type Change,
  type Direction,
  riskSchema,
  type StepState,
  stepStateSchema,
} from "../change/change.ts";
import { dependentsOf, orderSteps } from "../change/dependencies.ts";
import type { Engine } from "../engine/engine.ts";
import { readStates } from "../engine/states.ts";
import { listExpiries } from "../expiry/until.ts";
import { isAllowed } from "../operations/actions.ts";
import { estimateMove, estimateSchema, isHeavy, readPastEstimates } from "../operations/estimates.ts";
import { inspect, obstacles } from "../preflight/inspect.ts";

/** The state of a step, and what is possible now. */
export const stepStatusSchema = z.object({
  step: z.int(),
  name: z.string(),
  title: z.string(),
  state: stepStateSchema,
  risk: riskSchema,
  /** The phrase that acknowledges its rollback, if required. */
  acknowledge: z.string().nullable(),
  requires: z.array(z.int()),
  dependents: z.array(z.int()),
  can_rollback: z.boolean(),
  /** Dependents as numbers, obstacles as sentences. */
  blocked_by: z.array(z.union([z.int(), z.string()])),
  cascade: z
    .object({ steps: z.array(z.int()), acknowledge: z.array(z.string()) })
    .describe(
      "The possible move with `cascade`: the steps in the order of moving, and the phrases it requires.",
    ),
  while_rolled_back: z.string().nullable().describe("The effect of a rollback, as the change declares it."),
  affects: affectsSchema.describe("Routes and types of alerts that the change declares to affect."),
  /** Of the possible move: a rollback if the step is applied, else a re-apply. */
  estimate: estimateSchema,
  writes_rows: z
    .boolean()
    .describe(
      "Whether a move, and its dry run, writes rows or builds indexes instead of swapping columns or tables.",
    ),
  /** The estimated number of rows with parked values. */
  parked_rows: z.int(),
  /** The time by which it is to be re-applied, if set. */
  until: z.iso.datetime().nullable(),
});
export type StepStatus = z.infer<typeof stepStatusSchema>;

/** Reads only the catalog and planner statistics, so its duration does not depend on the number of rows. */
export const stepStatuses = async (engine: Engine): Promise<{ steps: StepStatus[] }> => {
  const { db, changes } = engine;
  const [states, pastEstimates, expiries] = await Promise.all([
    readStates(db),
    readPastEstimates(db),
    listExpiries(db),
  ]);
  const steps: StepStatus[] = [];
  for (const change of changes) {
    const { step, name, title, risk, acknowledge = null, requires, affects } = change;
    const state = states.get(step);
    if (!state) continue;
    const dependents = dependentsOf(changes, step);
    const applied = dependents.filter((dependent) => states.get(dependent) === "applied");
    const isApplied = isAllowed("rollback", state);
    const blocked_by: (number | string)[] = [
      ...(isApplied ? applied : []),
      ...obstacles(await inspect(engine, db, { change, state })),
    ];
    const direction = isApplied ? "rollback" : "reapply";
    const estimate = await estimateMove(db, change, direction, pastEstimates);
    steps.push({
      step,
      name,
      title,
      state,
      risk,
      acknowledge,
      requires: [...requires],
      dependents,
      can_rollback: isApplied && blocked_by.length === 0,
      blocked_by,
      cascade: cascadeOf(changes, states, step, direction),
      while_rolled_back: change.whileRolledBack ?? null,
      affects: affects ?? { routes: [], alerts: [] },
      estimate,
      writes_rows: isHeavy(change),
      parked_rows: isApplied ? 0 : estimate.rows,
      until: expiries.find((expiry) => expiry.step === step)?.until ?? null,
    });
  }
  return { steps };
};

const cascadeOf = (
  changes: readonly Change[],
  states: ReadonlyMap<number, StepState>,
  step: number,
  direction: Direction,
): StepStatus["cascade"] => {
  const selection = { steps: [step], range: false };
  const steps = orderSteps({ changes, states, selection, direction, cascade: true });
  const phraseOf = (moving: number) => changes.find((change) => change.step === moving)?.acknowledge ?? [];
  return { steps, acknowledge: direction === "rollback" ? steps.flatMap(phraseOf) : [] };
};
