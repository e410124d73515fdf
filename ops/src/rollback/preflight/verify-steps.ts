import type { Check, StepState } from "../change/change.ts";
import { runChecks } from "../change/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { readStates } from "../engine/states.ts";

/** Runs the checks of each step for its current state, lowest step first. Steps that were never applied are omitted. */
export const verifySteps = async ({
  db,
  changes,
}: Engine): Promise<{ step: number; state: StepState; checks: Check[] }[]> => {
  const states = await readStates(db);
  const verified: { step: number; state: StepState; checks: Check[] }[] = [];
  for (const change of changes) {
    const state = states.get(change.step);
    if (state) verified.push({ step: change.step, state, checks: await runChecks(db, change, state) });
  }
  return verified;
};
