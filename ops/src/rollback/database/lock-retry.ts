import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { writersLock } from "./advisory-locks.ts";
import { oidsWithPartitionsOf } from "./table-names.ts";

/** How long one attempt may make others wait, and how long to go on trying. */
export interface LockPatience {
  attemptMs: number;
  limitMs: number;
  /** A step that is expected to take no longer keeps readers out from its beginning; one second by default. */
  readersMs?: number;
}

export const quickMs = 1_000;

/** The patience of one attempt of several. */
export interface Attempt extends LockPatience {
  /** Whether it asks for its locks in the opposite order: who writes to two tables in that order is then not met. */
  descending: boolean;
}

export const defaultPatience: LockPatience = { attemptMs: 250, limitMs: 30_000, readersMs: quickMs };

/** Work on many rows that readers kept from its swap is done once more; then they are kept out of longer steps, too. */
const conflictsAllowed = 1;
const readersMsFactor = 10;

/** A lock that is not to be had although the work before it was done. */
export class LockConflict extends Error {}

/** A session that blocks a lock. */
export interface Blocker {
  pid: number;
  user: string;
  query: string;
  age_seconds: number;
}

const lockTimedOut = defineFailure({
  code: "EB_LOCK_NOT_OBTAINED",
  status: 503,
  exitStatus: 4,
  detail: "The lock was not obtained within {seconds} s.",
  remedy: "Try again when the database is less busy.",
});

const lockHeld = defineFailure({
  code: "EB_LOCK_NOT_OBTAINED",
  status: 503,
  exitStatus: 4,
  detail:
    'The lock was not obtained within {seconds} s: process {pid} of {user} has held it for {age_seconds} s with "{query}".',
  remedy: "Wait until it ends, or end it with select pg_terminate_backend({pid}); then try again.",
});

const lockNotObtained = (waitedMs: number, blockers: readonly Blocker[]) => {
  const [oldest] = blockers;
  const seconds = Math.round(waitedMs / 1000);
  return oldest ? lockHeld({ seconds, ...oldest }, { blockers }) : lockTimedOut({ seconds }, { blockers });
};

/**
 * Repeats an attempt that gives up quickly if its locks are not available, so that sessions queued behind it never wait
 * longer than one attempt.
 *
 * @throws Failure EB_LOCK_NOT_OBTAINED that names the blocking query, its user and age
 */
export const retryWhileLocked = async <T>(
  attempt: (patience: Attempt) => Promise<T>,
  waiting: {
    clock: Clock;
    patience: LockPatience;
    blockers: () => Promise<Blocker[]>;
    random?: () => number;
  },
): Promise<T> => {
  const { clock, patience, blockers, random = Math.random } = waiting;
  const startMs = clock.monotonicMs();
  let conflicts = 0;
  for (let round = 0; ; round++) {
    try {
      const { readersMs = quickMs } = patience;
      return await attempt({
        ...patience,
        readersMs: conflicts > 0 ? readersMs * readersMsFactor : readersMs,
        descending: round % 2 === 1,
      });
    } catch (error) {
      if (!isLockConflict(error)) throw error;
      if (error instanceof LockConflict) conflicts += 1;
      const waitedMs = clock.monotonicMs() - startMs;
      if (waitedMs >= patience.limitMs || conflicts > conflictsAllowed)
        throw lockNotObtained(waitedMs, await blockers());
      await sleep(Math.min(50 * 2 ** round, 2_000) * (0.5 + random()));
    }
  }
};

/** 55P03: lock_timeout has run out. 40P01: the database chose us to break a deadlock. */
export const isLockConflict = (error: unknown): boolean =>
  error instanceof LockConflict ||
  (error instanceof Error && "code" in error && (error.code === "55P03" || error.code === "40P01"));

/** Who holds a lock on these tables, or writes in the name of the service; the longest first. */
export const findBlockers = async (db: Database, tables: readonly string[]): Promise<Blocker[]> => {
  const { rows } = await sql<Blocker>`
    select a.pid, a.usename as user, left(a.query, 200) as query,
      round(extract(epoch from clock_timestamp() - a.xact_start))::int as age_seconds
    from pg_stat_activity a
    where a.pid <> pg_backend_pid() and a.application_name <> 'earlybird rollback' and a.pid in (
      select l.pid from pg_locks l
      where l.granted and l.database = (select oid from pg_database where datname = current_database()) and (
        (l.locktype = 'relation' and l.relation in ${oidsWithPartitionsOf(tables)})
        or (l.locktype = 'advisory' and l.classid = ${writersLock[0]} and l.objid = ${writersLock[1]})))
    order by a.xact_start limit 5`.execute(db);
  return rows;
};
