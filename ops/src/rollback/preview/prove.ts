import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Change, Database, Direction } from "../change/change.ts";
import { foreignKeyChecks } from "../database/foreign-keys.ts";
import { lockedTables } from "../database/lock.ts";
import { findBlockers, retryWhileLocked } from "../database/lock-retry.ts";
import type { AttemptingEngine, Engine } from "../engine/engine.ts";
import { moveStep, roundMs } from "../execution/step-transaction.ts";
import { rehearsedOperation } from "./dry-run.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";

/** That the steps went there and back in one transaction, and left what was there before. */
export interface Certificate {
  /** In the order in which they were rolled back. */
  steps: number[];
  proven: boolean;
  before: string;
  after: string;
  /** Tables whose rows differ; `schema` where anything else does; foreign keys that do not hold there or back. */
  differences: string[];
  rows: number;
  total_ms: number;
}

const tooManyRows = defineFailure({
  code: "EB_PROOF_TOO_LARGE",
  status: 409,
  exitStatus: 4,
  detail: "The proof would lock tables with {rows} rows while it reads all of them twice.",
  remedy: "Prove it on a copy: --on postgres://user:password@host/copy.",
});

/** Rolls the steps back and re-applies them in one transaction, compares fingerprints, and aborts it. */
export const proveSteps = async (
  engine: Engine,
  session: Database,
  { moving, unlimited }: { moving: readonly Change[]; unlimited: boolean },
): Promise<Certificate> => {
  const { clock, rowLimits } = engine;
  const startMs = clock.monotonicMs();
  const rows = await rowsOfService(session);
  if (rows > rowLimits.proof && !unlimited) throw tooManyRows({ rows });
  const blockers = () => findBlockers(engine.db, moving.flatMap(lockedTables));
  const { before, after, broken } = await retryWhileLocked(
    (patience) => thereAndBack({ ...engine, patience }, session, moving),
    {
      ...engine,
      blockers,
    },
  );
  const differences = Object.keys({ ...before.tables, ...after.tables }).filter(
    (table) => JSON.stringify(before.tables[table]) !== JSON.stringify(after.tables[table]),
  );
  if (before.schema !== after.schema) differences.push("schema");
  differences.push(...broken);
  return {
    steps: moving.map(({ step }) => step),
    proven: before.hash === after.hash && broken.size === 0,
    before: before.hash,
    after: after.hash,
    differences,
    rows,
    total_ms: roundMs(clock.monotonicMs() - startMs),
  };
};

const thereAndBack = async (
  { clock, changes, patience }: AttemptingEngine,
  session: Database,
  moving: readonly Change[],
): Promise<{ before: Fingerprint; after: Fingerprint; broken: Set<string> }> => {
  await sql`begin`.execute(session);
  try {
    const broken = new Set<string>();
    const operation = await rehearsedOperation(session, "rollback", moving);
    const go = async (direction: Direction, order: readonly Change[]) => {
      for (const change of order) {
        const move = { change, changes, direction, operation, onConflict: "keep", rehearsal: true } as const;
        await moveStep(session, { ...move, patience, clock });
      }
      const foreignKeysHold = foreignKeyChecks(session, changes);
      for (const change of order) {
        for (const { name, ok, detail } of await foreignKeysHold(change))
          if (!ok) broken.add(`${name}: ${detail}`);
      }
    };
    const before = await fingerprint(session);
    await go("rollback", moving);
    await go("reapply", [...moving].reverse());
    return { before, after: await fingerprint(session), broken };
  } finally {
    await sql`rollback`.execute(session);
  }
};

const rowsOfService = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ rows: number }>`
    select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class
    where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'earlybird')`.execute(
    db,
  );
  return Number(rows[0]?.rows ?? 0);
};
