import { sql } from "kysely";
import type { Database, StepState } from "../change/change.ts";

/** Where each step is that has been applied once; not one whose first application is under way. */
export const readStates = async (db: Database): Promise<Map<number, StepState>> => {
  const { rows } = await sql<{
    step: number;
    state: StepState;
  }>`select step, state from earlybird.steps where state <> 'installing'`.execute(db);
  return new Map(rows.map(({ step, state }) => [step, state]));
};
