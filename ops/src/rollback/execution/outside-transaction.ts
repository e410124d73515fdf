import { sql } from "kysely";
import type { Briefly, Change, Database, Direction, Part, StepState } from "../change/change.ts";
import { type Blocker, findBlockers, retryWhileLocked } from "../database/lock-retry.ts";
import type { Engine } from "../engine/engine.ts";

/**
 * Does the work of a step that cannot run in a transaction. It blocks no other session while it waits for older
 * transactions, and waits no longer than the patience of the engine. Idempotent: it continues after an interruption.
 *
 * @throws Failure EB_LOCK_NOT_OBTAINED
 */
export const runOutside = async (
  engine: Engine,
  session: Database,
  { change: { step, parts }, direction }: { change: Change; direction: Direction },
): Promise<void> => {
  for (const part of parts) {
    if (!part.outside) continue;
    await patiently(engine, session, part, async (briefly) =>
      part.outside?.(session, { step, direction, briefly }),
    );
  }
};

/** Builds a part at its first application to large tables. @throws Failure EB_LOCK_NOT_OBTAINED */
export const buildOutside = (engine: Engine, session: Database, step: number, part: Part): Promise<void> =>
  patiently(engine, session, part, async (briefly) => part.build?.(session, step, briefly));

/** Whether this work is complete for a step in this state. */
export const outsideIsDone = async (
  session: Database,
  { change: { step, parts }, state }: { change: Change; state: StepState },
): Promise<boolean> => {
  for (const part of parts.filter(({ outside }) => outside)) {
    if ((await part.check(session, step, state)).some(({ ok }) => !ok)) return false;
  }
  return true;
};

const patiently = async (
  { db, clock, patience }: Engine,
  session: Database,
  { indexed = [] }: Part,
  work: (briefly: Briefly) => Promise<void>,
): Promise<void> => {
  const { attemptMs, limitMs } = patience;
  const blockers = () =>
    findOldTransactions(
      db,
      indexed.map(({ table }) => table),
    );
  const briefly: Briefly = (attempt) =>
    retryWhileLocked(
      async () => {
        await setLockTimeout(session, attemptMs);
        const result = await attempt();
        await setLockTimeout(session, limitMs);
        return result;
      },
      { clock, patience, blockers },
    );
  try {
    // A cancelled build restarts from the beginning, so one attempt gets all the time. A deadlock repeats it.
    await retryWhileLocked(
      async () => {
        await setLockTimeout(session, limitMs);
        await work(briefly);
      },
      { clock, patience, blockers },
    );
  } finally {
    // If the connection is lost, so are its settings.
    await setLockTimeout(session, 0).catch(() => undefined);
  }
};

const setLockTimeout = (session: Database, ms: number) =>
  sql`select set_config('lock_timeout', ${`${ms}ms`}, false)`.execute(session);

/** Sessions that use these tables or hold an old snapshot, the oldest first. */
const findOldTransactions = async (db: Database, tables: readonly string[]): Promise<Blocker[]> => {
  const { rows } = await sql<Blocker>`
    select a.pid, a.usename as user, left(a.query, 200) as query,
      round(extract(epoch from clock_timestamp() - a.xact_start))::int as age_seconds
    from pg_stat_activity a
    where a.pid <> pg_backend_pid() and a.datname = current_database() and a.backend_xmin is not null
      and a.application_name <> 'earlybird rollback'`.execute(db);
  const users = await findBlockers(db, tables);
  const others = rows.filter(({ pid }) => users.every((user) => user.pid !== pid));
  return [...users, ...others].sort((a, b) => b.age_seconds - a.age_seconds).slice(0, 5);
};
