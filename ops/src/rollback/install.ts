import { entryFor } from "./attempts.ts";
import type { Change, StepState } from "./change.ts";
import type { Engine } from "./engine.ts";
import { applyForTheFirstTime } from "./move-step.ts";
import { withOperationLock } from "./operation-lock.ts";
import { beginOperation, endOperation } from "./operations.ts";
import type { Requester } from "./request.ts";
import { createEngineSchema } from "./schema.ts";
import { readStates } from "./status.ts";

/**
 * Creates the engine's tables where absent and applies the changes that this database does not have yet,
 * lowest first, each in a transaction of its own. Resolves with the steps it applied.
 */
export const installChanges = async (engine: Engine, by: Requester): Promise<number[]> => {
  const { db, pool, changes, clock } = engine;
  await createEngineSchema(db);
  if (missing(changes, await readStates(db)).length === 0) return [];
  return withOperationLock(pool, async (session) => {
    // Another process may have applied them while this one waited for the lock.
    const absent = missing(changes, await readStates(session));
    const steps = absent.map(({ step }) => step);
    if (steps.length === 0) return [];
    const operation = await beginOperation(session, { kind: "apply", steps, ...by, at: clock.now() });
    for (const change of absent) {
      const attempt = { action: "apply", steps: [change.step], by };
      const entry = entryFor(engine, attempt, "applied", operation.id);
      await session.transaction().execute((tx) => applyForTheFirstTime(tx, change, changes, entry));
    }
    await endOperation(session, operation.id, { state: "completed", at: clock.now(), receipts: [] });
    return steps;
  });
};

const missing = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): Change[] =>
  changes.filter(({ step }) => !states.has(step));
