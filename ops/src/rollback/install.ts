import { Failure } from "../lib/failure.ts";
import { entryFor } from "./attempts.ts";
import type { Change, StepState } from "./change.ts";
import type { Engine } from "./engine.ts";
import { findBlockers, retryWhileLocked } from "./lock-waits.ts";
import { applyForTheFirstTime, lockedTables } from "./move-step.ts";
import { withOperationLock } from "./operation-lock.ts";
import { beginOperation, endOperation } from "./operations.ts";
import type { Requester } from "./request.ts";
import { createEngineSchema } from "./schema.ts";
import { readStates } from "./status.ts";

/**
 * Creates the engine's tables where absent and applies the changes that this database does not have yet,
 * lowest first, each in a transaction of its own. Resolves with the steps it applied.
 *
 * @throws Failure EB_LOCK_NOT_OBTAINED that names who holds a table; the steps before it stay applied
 */
export const installChanges = async (engine: Engine, by: Requester): Promise<number[]> => {
  const { db, pool, changes, clock, patience } = engine;
  await createEngineSchema(db);
  if (missing(changes, await readStates(db)).length === 0) return [];
  return withOperationLock(pool, async (session) => {
    // Another process may have applied them while this one waited for the lock.
    const absent = missing(changes, await readStates(session));
    const steps = absent.map(({ step }) => step);
    if (steps.length === 0) return [];
    const operation = await beginOperation(session, { kind: "apply", steps, ...by, at: clock.now() });
    try {
      for (const change of absent) {
        const attempt = { action: "apply", steps: [change.step], by };
        const entry = entryFor(engine, attempt, "applied", operation.id);
        const { attemptMs } = patience;
        const apply = () =>
          session
            .transaction()
            .execute((tx) => applyForTheFirstTime(tx, { change, changes, entry, attemptMs }));
        const blockers = () => findBlockers(db, lockedTables(change));
        await retryWhileLocked(apply, { ...engine, blockers });
      }
    } catch (error) {
      const end = { state: "failed", at: clock.now(), receipts: [] } as const;
      await endOperation(session, operation.id, {
        ...end,
        ...(error instanceof Failure && { failure: error.toProblem() }),
      });
      throw error;
    }
    await endOperation(session, operation.id, { state: "completed", at: clock.now(), receipts: [] });
    return steps;
  });
};

const missing = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): Change[] =>
  changes.filter(({ step }) => !states.has(step));
