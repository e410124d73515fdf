import { sql } from "kysely";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { Change, Database, Direction } from "../change/change.ts";
import type { StepSelection } from "../change/step-range.ts";
import { foreignKeyChecks } from "../database/foreign-keys.ts";
import { type AttemptingEngine, retryOnLocks } from "../engine/attempt.ts";
import { changesToMove, type Engine } from "../engine/engine.ts";
import { refuseObstacles } from "../execution/execute.ts";
import { moveStep, roundMs } from "../execution/step-transaction.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import { rehearse } from "./rehearsal.ts";

/** Proves that the steps, rolled back and re-applied in one transaction, restore schema and data exactly. */
export const certificateSchema = z.object({
  /** In the order in which they were rolled back. */
  steps: z.array(z.int()),
  proven: z.boolean(),
  before: z.string(),
  after: z.string(),
  /** Tables whose rows differ, `schema` if anything else differs, and foreign keys that do not hold. */
  differences: z.array(z.string()),
  rows: z.int(),
  total_ms: z.number().nonnegative(),
});
export type Certificate = z.infer<typeof certificateSchema>;

const tooManyRows = defineFailure({
  code: "EB_PROOF_TOO_LARGE",
  status: 409,
  exitStatus: 4,
  detail: "The proof would lock tables with {rows} rows while it reads all of them twice.",
  remedy: "Prove it on a copy: --on postgres://user:password@host/copy.",
});

/**
 * Rolls the steps back and re-applies them in one transaction, compares fingerprints, and aborts the transaction.
 *
 * @throws Failure EB_PROOF_TOO_LARGE, EB_STEP_OBSTRUCTED
 */
export const proveSteps = async (
  engine: Engine,
  session: Database,
  { selection, unlimited }: { selection: StepSelection; unlimited: boolean },
): Promise<Certificate> => {
  const moving = await changesToMove(engine, session, { direction: "rollback", selection, cascade: true });
  await refuseObstacles(engine, session, moving);
  const { clock, rowLimits } = engine;
  const startMs = clock.monotonicMs();
  const rows = await rowsOfService(session);
  if (rows > rowLimits.proof && !unlimited) throw tooManyRows({ rows });
  const { before, after, broken } = await retryOnLocks(engine, moving, (attempting) =>
    rehearse(session, { direction: "rollback", moving }, (operation) =>
      rollbackAndReapply(attempting, session, { moving, operation }),
    ),
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

const rollbackAndReapply = async (
  { clock, changes, patience }: AttemptingEngine,
  session: Database,
  { moving, operation }: { moving: readonly Change[]; operation: string },
): Promise<{ before: Fingerprint; after: Fingerprint; broken: Set<string> }> => {
  const broken = new Set<string>();
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
};

const rowsOfService = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ rows: number }>`
    select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class
    where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'earlybird')`.execute(
    db,
  );
  return Number(rows[0]?.rows ?? 0);
};
