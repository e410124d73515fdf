import { sql } from "kysely";
import type { Database, StepState } from "../change/change.ts";

/** The state of each step that has been applied; excludes steps whose first application is not complete. */
export const readStates = async (db: Database): Promise<Map<number, StepState>> => {
  const { rows } = await sql<{
    step: number;
    state: StepState;
  }>`select step, state from earlybird.steps where state <> 'installing'`.execute(db);
  return new Map(rows.map(({ step, state }) => [step, state]));
};
