import type { Change } from "../change/change.ts";
import { lockedTables } from "../database/lock.ts";
import { type Attempt, findBlockers, retryWhileLocked } from "../database/lock-retry.ts";
import type { Engine } from "./engine.ts";

/** The engine in one attempt to get its locks. */
export type AttemptingEngine = Engine & { patience: Attempt };

/** Repeats `attempt` while other sessions lock tables of these changes. @throws Failure EB_LOCK_NOT_OBTAINED */
export const retryOnLocks = <T>(
  engine: Engine,
  changes: readonly Change[],
  attempt: (engine: AttemptingEngine) => Promise<T>,
): Promise<T> =>
  retryWhileLocked((patience) => attempt({ ...engine, patience }), {
    ...engine,
    blockers: () => findBlockers(engine.db, changes.flatMap(lockedTables)),
  });
