import { Failure } from "../../core/failure.ts";
import { appendToLedger, type LedgerEntry, ledgerHead } from "../audit/ledger.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import type { Database } from "../change/change.ts";
import { translated } from "../database/database-errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { Requester } from "../engine/request.ts";
import { markInterrupted } from "./operation.ts";
import { withOperationLock } from "./operation-lock.ts";

/** An action to record in the ledger, and its requester. */
export interface AuditedAction {
  /** `rollback`, `reapply`, `resume`, `abort`, `prove`, `purge`, `approve`, `withdraw`, `until`. */
  action: string;
  steps: readonly number[];
  by: Requester & { reason?: string; plan?: string };
}

/** The ledger entry of an action and its result. */
export const ledgerEntry = (
  { clock }: Engine,
  { action, steps, by }: AuditedAction,
  result: unknown,
  operation: string | null = null,
): LedgerEntry => ({
  at: clock.now().toISOString(),
  action,
  operation,
  steps,
  operator: by.requestedBy,
  origin: by.origin,
  reason: by.reason ?? null,
  plan: by.plan ?? null,
  result,
});

/** Appends one entry, in its own transaction. */
export const record = (db: Database, entry: LedgerEntry): Promise<LedgerHead> =>
  db.transaction().execute((tx) => appendToLedger(tx, entry));

/** Records that an action was refused, or that it failed after its operation had begun. */
export const recordRefusal = async (
  engine: Engine,
  attempt: AuditedAction,
  { code, detail, extra }: Failure,
): Promise<void> => {
  const operation = typeof extra.operation === "string" ? extra.operation : null;
  const action = `${attempt.action}.${operation ? "failed" : "refused"}`;
  await record(engine.db, ledgerEntry(engine, { ...attempt, action }, { code, detail }, operation));
};

/** Does the work under the operation lock, and records refusals and failures in the ledger. */
export const auditedUnderLock = <T>(
  engine: Engine,
  attempt: AuditedAction,
  work: (session: Database) => Promise<T>,
): Promise<T> =>
  audited(engine, attempt, () =>
    withOperationLock(engine.pool, async (session) => {
      await recordInterrupted(engine, session, attempt.by);
      return work(session);
    }),
  );

/** Does the work, and records refusals and failures in the ledger. */
export const audited = async <T>(
  engine: Engine,
  attempt: AuditedAction,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await translated(work);
  } catch (error) {
    // A ledger that cannot be written, for example on a standby, must not hide the failure.
    if (error instanceof Failure)
      await recordRefusal(engine, attempt, error).catch((left: unknown) =>
        engine.log.warn({ err: left, code: error.code }, "a refusal could not be recorded"),
      );
    throw error;
  } finally {
    await anchorHead(engine);
  }
};

/** Anchors the newest entry of the ledger outside the database. Never fails. */
export const anchorHead = async ({ anchors, db, log }: Engine): Promise<void> => {
  if (!anchors) return;
  try {
    await anchors.add(await ledgerHead(db));
  } catch (err) {
    log.warn({ err }, "the ledger could not be read to anchor it");
  }
};

const recordInterrupted = async (engine: Engine, session: Database, by: Requester): Promise<void> => {
  // In one transaction: if this process dies here, the next one records the entries.
  await session.transaction().execute(async (tx) => {
    for (const { id, steps } of await markInterrupted(tx, engine.clock.now())) {
      const attempt = { action: "interrupted", steps, by };
      await appendToLedger(tx, ledgerEntry(engine, attempt, "its process ended before it did", id));
    }
  });
};
