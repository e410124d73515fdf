import { type RawBuilder, sql } from "kysely";
import type { Change, Check, Database, StepState } from "./change.ts";

/** The checks of the parts and of the change itself, for the state that the step is now in. */
export const runChecks = async (db: Database, change: Change, state: StepState): Promise<Check[]> => {
  const checks: Check[] = [];
  for (const part of change.parts) checks.push(...(await part.check(db, change.step, state)));
  checks.push(...((await change.verify?.(db, state)) ?? []));
  return checks;
};

/**
 * A check by counting what must not exist.
 *
 * @param offenders a query whose rows are the offenders; at most ten of their keys are shown
 */
export const noneOf = async (db: Database, name: string, offenders: RawBuilder<unknown>): Promise<Check> => {
  const { rows } = await sql<{ count: number; examples: string[] | null }>`
    select count(*) as count, (array_agg(key))[1:10] as examples from (${offenders}) as offender (key)`.execute(
    db,
  );
  const count = Number(rows[0]?.count ?? 0);
  const detail = count === 0 ? "none found" : `${count} found, among them ${rows[0]?.examples?.join(", ")}`;
  return { name, ok: count === 0, detail };
};
