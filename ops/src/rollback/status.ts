import { sql } from "kysely";
import type { Database, Risk, StepState } from "./change.ts";
import { dependentsOf } from "./dependencies.ts";
import { findObstacles } from "./inspection.ts";
import type { Engine } from "./manager.ts";

/** Where a step stands, and what could be done about it right now. */
export interface StepStatus {
  step: number;
  name: string;
  title: string;
  state: StepState;
  risk: Risk;
  /** The phrase that its rollback must repeat, if any. */
  acknowledge: string | null;
  requires: number[];
  dependents: number[];
  can_rollback: boolean;
  /** Steps by number, obstacles by a sentence. */
  blocked_by: (number | string)[];
}

export const readStates = async (db: Database): Promise<Map<number, StepState>> => {
  const { rows } = await sql<{
    step: number;
    state: StepState;
  }>`select step, state from earlybird.steps`.execute(db);
  return new Map(rows.map(({ step, state }) => [step, state]));
};

export const stepStatuses = async ({ db, changes }: Engine): Promise<{ steps: StepStatus[] }> => {
  const states = await readStates(db);
  const steps: StepStatus[] = [];
  for (const change of changes) {
    const { step, name, title, risk, acknowledge = null, requires, irreversible } = change;
    const state = states.get(step);
    if (!state) continue;
    const dependents = dependentsOf(changes, step);
    const blocked_by: (number | string)[] = dependents.filter(
      (dependent) => states.get(dependent) === "applied",
    );
    if (irreversible) blocked_by.push(irreversible);
    else if (state === "applied") blocked_by.push(...(await findObstacles(db, change, "rollback")));
    const can_rollback = state === "applied" && blocked_by.length === 0;
    steps.push({
      step,
      name,
      title,
      state,
      risk,
      acknowledge,
      requires: [...requires],
      dependents,
      can_rollback,
      blocked_by,
    });
  }
  return { steps };
};
