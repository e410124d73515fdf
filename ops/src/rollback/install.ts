import { sql } from "kysely";
import { Failure } from "../core/failure.ts";
import type { Change, Database, StepState } from "./change/change.ts";
import { requireApplied } from "./change/dependencies.ts";
import { refusedByDatabase } from "./database/database-errors.ts";
import { storeSearchPath } from "./database/session.ts";
import { parkingSchema } from "./database/table-names.ts";
import { journalledTables } from "./database/write-journal.ts";
import type { Engine } from "./engine/engine.ts";
import type { Requester } from "./engine/request.ts";
import { readStates } from "./engine/states.ts";
import { applyStep } from "./execution/apply-step.ts";
import { refuseFindings } from "./execution/execute.ts";
import { ledgerEntry } from "./operations/audited-run.ts";
import { beginOperation, endOperation, failOperation } from "./operations/operation.ts";
import { withOperationLock } from "./operations/operation-lock.ts";
import { inspectFully, warnings } from "./preflight/inspect.ts";
import { createEngineSchema } from "./schema.ts";

/** Instances start together: one applies the changes, the others wait, also for large tables. */
const waitMs = 3_600_000;

/**
 * Creates missing tables of the engine and applies the missing changes, lowest step first. Resolves with the steps that
 * were applied. Waits while another process does the same.
 *
 * @param only applies these steps alone, where they are missing; empty: creates the tables only
 * @throws Failure EB_STEP_LACKS_REQUIREMENTS if `only` leaves out a step that is required and not applied;
 *   EB_STEP_OBSTRUCTED before the step writes anything; EB_LOCK_NOT_OBTAINED, which names the sessions that
 *   hold the table. Earlier steps stay applied, and the next call continues
 */
export const installChanges = async (
  engine: Engine,
  by: Requester,
  only?: readonly number[],
): Promise<number[]> => {
  const { db, pool, servicePool, clock, log } = engine;
  const changes = engine.changes.filter(({ step }) => only?.includes(step) ?? true);
  await createEngineSchema(db);
  await storeSearchPath(db, servicePool);
  await noteJournalsOfEarlierVersions(engine);
  await bringTablesHome(engine);
  if (missing(changes, await readStates(db)).length === 0) return [];
  const onWait = () => log.info("another process applies changes: waiting for its end");
  return withOperationLock(
    pool,
    async (session) => {
      // Read again: another process may have applied changes during the wait for the lock.
      const absent = missing(changes, await readStates(session));
      const steps = absent.map(({ step }) => step);
      if (steps.length === 0) return [];
      if (only) requireApplied(absent, await readStates(session));
      const operation = await beginOperation(session, { kind: "apply", steps, ...by, at: clock.now() });
      try {
        for (const change of absent)
          await applyWhereAllowed(engine, session, { change, operation: operation.id, by });
      } catch (error) {
        const failure = error instanceof Failure ? error : refusedByDatabase(error);
        await failOperation(engine, session, operation.id, { failure, receipts: [] });
        throw failure ?? error;
      }
      await endOperation(session, operation.id, { state: "completed", at: clock.now(), receipts: [] });
      return steps;
    },
    { waitMs, onWait },
  );
};

const applyWhereAllowed = async (
  engine: Engine,
  session: Database,
  { change, operation, by }: { change: Change; operation: string; by: Requester },
): Promise<void> => {
  const { step } = change;
  // An interrupted application has already created the structure.
  const state = (await isBegun(session, step)) ? "applied" : undefined;
  const findings = await inspectFully(engine, session, { change, state });
  if (state === undefined) refuseFindings(step, findings);
  for (const warning of warnings(findings)) engine.log.warn({ step }, `step ${step}: ${warning}`);
  const entry = (action: string, result: unknown) =>
    ledgerEntry(engine, { action, steps: [step], by }, result, operation);
  await applyStep(engine, session, { change, entry, operation });
};

const isBegun = async (db: Database, step: number): Promise<boolean> => {
  const { rows } = await sql`select from earlybird.steps where step = ${step}`.execute(db);
  return rows.length > 0;
};

/** Earlier versions did not store the journalled tables of a step. */
const noteJournalsOfEarlierVersions = async ({ db, changes }: Engine): Promise<void> => {
  const { rows } = await sql<{
    step: number;
  }>`select step from earlybird.steps where journals is null`.execute(db);
  for (const { step } of rows) {
    const change = changes.find((each) => each.step === step);
    if (change)
      await sql`update earlybird.steps set journals = ${journalledTables(change)} where step = ${step}`.execute(
        db,
      );
  }
};

/**
 * An earlier version created a change's table in the platform's schema where the role has the name of that schema, which
 * then comes first on the default path. The engine looks on the service's path only.
 */
const bringTablesHome = async ({ db, changes }: Engine): Promise<void> => {
  const names = changes.flatMap(({ parts }) => parts.flatMap(({ creates = [] }) => creates));
  const { rows } = await sql<{ name: string; home: string }>`
    select name, current_schema() as home from unnest(${names}::text[]) as declared (name)
    where name not like '%.%' and to_regclass(quote_ident(name)) is null
      and to_regclass(format('%I.%I', ${parkingSchema}::text, name)) is null
      and to_regclass(format('earlybird.%I', name)) is not null`.execute(db);
  for (const { name, home } of rows)
    await sql`alter table ${sql.id("earlybird", name)} set schema ${sql.id(home)}`.execute(db);
};

const missing = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): Change[] =>
  changes.filter(({ step }) => !states.has(step));
