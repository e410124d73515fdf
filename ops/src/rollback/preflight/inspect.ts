import type { Change, Database, StepState } from "../change/change.ts";
import { type Finding, inOneSentence } from "../change/finding.ts";
import { lockedTables, locksOf, writtenTables } from "../database/lock.ts";
import type { Engine } from "../engine/engine.ts";
import { suspendedTriggers, tableFindings } from "./table-checks.ts";

/** Finds obstacles to applying a change (`state` is undefined) or moving it. Reads only the catalog. */
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

/** Finds obstacles, and side effects of a move to warn about. */
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

/** The findings that block a move, one sentence each. */
export const obstacles = (findings: readonly Finding[]): string[] =>
  findings.filter(({ severity }) => severity === "blocks").map(inOneSentence);

/** The warnings, one sentence each. */
export const warnings = (findings: readonly Finding[]): string[] =>
  findings.filter(({ severity }) => severity === "warns").map(inOneSentence);
