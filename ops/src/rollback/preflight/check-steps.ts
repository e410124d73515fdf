import { sql } from "kysely";
import type { Change, Database, StepState } from "../change/change.ts";
import type { Finding } from "../change/finding.ts";
import type { Engine } from "../engine/engine.ts";
import { readStates } from "../engine/states.ts";
import { inspectFully } from "./inspect.ts";

/** The findings about one step. */
export interface StepFindings {
  step: number;
  name: string;
  /** `new` if the change is not applied to this database yet. */
  state: StepState | "new";
  findings: Finding[];
}

/** Inspects changes in the given order. The tables of the engine need not exist. */
export const checkSteps = async (engine: Engine, changes: readonly Change[]): Promise<StepFindings[]> => {
  const { db } = engine;
  const states = (await hasEngineTables(db)) ? await readStates(db) : new Map<number, StepState>();
  const checked: StepFindings[] = [];
  for (const change of changes) {
    const { step, name } = change;
    const state = states.get(step);
    checked.push({
      step,
      name,
      state: state ?? "new",
      findings: await inspectFully(engine, db, { change, state }),
    });
  }
  return checked;
};

const hasEngineTables = async (db: Database): Promise<boolean> => {
  const { rows } = await sql<{
    there: boolean;
  }>`select to_regclass('earlybird.steps') is not null as there`.execute(db);
  return rows[0]?.there === true;
};
