import { sql } from "kysely";
import type { Database, DeclaredIndex, StepState } from "../change/change.ts";
import { qualified } from "../change/define-change.ts";
import { blocks, type Finding, warns } from "../change/finding.ts";
import { oidOf, oidsOf } from "../database/table-names.ts";
import { isTaken } from "./declared-index.ts";

/** What the catalog says against making these indexes, or, where rolling back drops them, against dropping them. */
export const indexFindings = async (
  db: Database,
  {
    step,
    state,
    declared,
    dropped,
  }: { step: number; state: StepState | undefined; declared: readonly DeclaredIndex[]; dropped: boolean },
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const index of declared) {
    if (state === undefined || (state === "rolled_back" && dropped))
      findings.push(...(await taken(db, step, index)));
    if (state === "applied" && dropped) findings.push(...(await needed(db, index)));
  }
  return findings;
};

const taken = async (db: Database, step: number, index: DeclaredIndex): Promise<Finding[]> =>
  (await isTaken(db, step, index))
    ? [
        blocks(
          "index-exists",
          `The name ${index.name} of the index on ${index.table} is taken by something that the change did not make`,
          "rename or drop that, or leave the index out of the change",
        ),
      ]
    : [];

/** What others notice of a move: an index of a partitioned table cannot be built beside its writers. */
export const indexCautions = async (
  db: Database,
  { state, declared }: { state: StepState | undefined; declared: readonly DeclaredIndex[] },
): Promise<Finding[]> => {
  if (state === "applied") return [];
  const { rows } = await sql<{ name: string }>`
    select oid::regclass::text as name from pg_class
    where relkind = 'p' and oid in ${oidsOf(declared.map(({ table }) => table))} order by 1`.execute(db);
  return rows.map(({ name }) =>
    warns(
      "index-holds-writers",
      `Writers to ${name} wait while its index is built, because it is partitioned`,
      "do it at a quiet time, or leave the index out of the change",
    ),
  );
};

/** Dropping an index would take with it what rests on it. */
const needed = async (db: Database, index: DeclaredIndex): Promise<Finding[]> => {
  const { rows } = await sql<{ what: string }>`
    select format('constraint "%s" of %s', k.conname, k.conrelid::regclass) as what
      from pg_constraint k where k.conindid = ${oidOf(qualified(index))}
    union all
    select 'the replica identity of ' || i.indrelid::regclass from pg_index i
      where i.indexrelid = ${oidOf(qualified(index))} and i.indisreplident
    order by 1`.execute(db);
  return rows.map(({ what }) =>
    blocks("index-needed", `Index ${index.name} is needed by ${what}`, "give that another index first"),
  );
};
