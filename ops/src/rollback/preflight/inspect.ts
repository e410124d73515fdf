import type { Change, Database, StepState } from "../change/change.ts";
import { type Finding, inOneSentence } from "../change/finding.ts";
import { lockedTables, locksOf, writtenTables } from "../database/lock.ts";
import type { Engine } from "../engine/engine.ts";
import { suspendedTriggers, tableFindings } from "./table-checks.ts";

/** Everything that the catalog says against applying a change (`state` is undefined then) or moving it. Reads no rows. */
export const inspect = async (
  { changes }: Pick<Engine, "changes">,
  db: Database,
  { change, state }: { change: Change; state: StepState | undefined },
): Promise<Finding[]> => {
  const written = await writtenTables(db, change, changes);
  const tables = locksOf(change, written).map(({ table }) => table);
  const findings = await tableFindings(db, { tables, keyed: lockedTables(change) });
  for (const part of change.parts) findings.push(...(await part.findings(db, change.step, state)));
  return findings;
};

/** The same, and what a move does that others may not expect: for a person who decides. */
export const inspectFully = async (
  engine: Pick<Engine, "changes">,
  db: Database,
  { change, state }: { change: Change; state: StepState | undefined },
): Promise<Finding[]> => {
  const findings = await inspect(engine, db, { change, state });
  findings.push(...(await suspendedTriggers(db, await writtenTables(db, change, engine.changes))));
  for (const part of change.parts) findings.push(...((await part.cautions?.(db, change.step, state)) ?? []));
  return findings;
};

/** What stands in the way, a sentence each. */
export const obstacles = (findings: readonly Finding[]): string[] =>
  findings.filter(({ severity }) => severity === "blocks").map(inOneSentence);

/** What else a person should know, a sentence each. */
export const warnings = (findings: readonly Finding[]): string[] =>
  findings.filter(({ severity }) => severity === "warns").map(inOneSentence);
