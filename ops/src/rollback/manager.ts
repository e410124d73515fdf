import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import type { Logger } from "../lib/log.ts";
import { demandAcknowledgement } from "./acknowledgement.ts";
import { type Change, type Database, registerChanges, type StepState } from "./change.ts";
import { orderSteps } from "./dependencies.ts";
import { type DryRun, dryRun } from "./dry-run.ts";
import { type AuditResult, appendToLedger, type LedgerEntry, readLedger, verifyLedger } from "./ledger.ts";
import { defaultPatience, type LockPatience } from "./lock-waits.ts";
import { applyForTheFirstTime } from "./move-step.ts";
import {
  beginOperation,
  endOperation,
  listOperations,
  markInterrupted,
  type OperationDetails,
  operationDetails,
  type RollbackOperation,
  withOperationLock,
} from "./operations.ts";
import type { Direction } from "./parts/part.ts";
import { type OperationResult, runOperation } from "./run.ts";
import { createEngineSchema } from "./schema.ts";
import { readStates, type StepStatus, stepStatuses } from "./status.ts";
import { type StepSelection, selectSteps } from "./step-range.ts";

/** Who asks, and with what. */
export interface OperationRequest {
  /** A login or a system user. */
  requestedBy: string;
  /** From where: `cli <host>`, an address. */
  origin: string;
  reason?: string;
  /** The phrases of the critical steps among them. */
  acknowledge?: readonly string[];
  /** The hash of the dry run whose promise must still hold. */
  plan?: string;
  /** Also move what depends on these steps (rollback) or what they need (re-apply). */
  cascade?: boolean;
  /** Called after each step. */
  onProgress?: (done: { step: number; index: number; of: number; duration_ms: number }) => void;
}

/** Everything the inner functions share: one engine on one database. */
export interface Engine {
  pool: pg.Pool;
  /** Outside of any transaction. */
  db: Database;
  changes: readonly Change[];
  clock: Clock;
  log: Logger;
  patience: LockPatience;
}

/**
 * Rolls back and re-applies the registered changes of one database.
 *
 * Every method throws a {@link Failure} with a code, a remedy and an exit status when it refuses; nothing has
 * changed then.
 */
export class RollbackManager {
  readonly #engine: Engine;

  constructor(options: {
    pool: pg.Pool;
    changes: readonly Change[];
    log: Logger;
    clock?: Clock;
    patience?: LockPatience;
  }) {
    const { pool, log, clock = systemClock, patience = defaultPatience } = options;
    const db: Database = new Kysely({ dialect: new PostgresDialect({ pool }) });
    this.#engine = { pool, db, changes: registerChanges(options.changes), clock, log, patience };
  }

  /**
   * Creates the engine's tables where absent and applies the changes that this database does not have yet,
   * lowest first, each in a transaction of its own. Resolves with the steps it applied.
   */
  async install(by: Pick<OperationRequest, "requestedBy" | "origin">): Promise<number[]> {
    const { db, pool, changes, clock } = this.#engine;
    await createEngineSchema(db);
    if (missing(changes, await readStates(db)).length === 0) return [];
    return withOperationLock(pool, async (session) => {
      // Another process may have applied them while this one waited for the lock.
      const absent = missing(changes, await readStates(session));
      const steps = absent.map(({ step }) => step);
      if (steps.length === 0) return [];
      const request = {
        kind: "apply",
        steps,
        requested_by: by.requestedBy,
        origin: by.origin,
        reason: null,
        plan: null,
      } as const;
      const operation = await beginOperation(session, { ...request, at: clock.now() });
      for (const change of absent) {
        const entry = this.#entry("apply", [change.step], by, operation.id, "applied");
        await session.transaction().execute((tx) => applyForTheFirstTime(tx, change, entry));
      }
      await endOperation(session, operation.id, { state: "completed", at: clock.now(), receipts: [] });
      return steps;
    });
  }

  /** Rolls one step back. @throws Failure of the engine, see docs/errors.md */
  rollbackStep(step: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(step, step, false), request);
  }

  /** Rolls back all steps from one end to the other, both included, highest first. */
  rollbackSteps(from: number, to: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(from, to, true), request);
  }

  /** Re-applies one step. */
  reapplyStep(step: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("reapply", this.#select(step, step, false), request);
  }

  /** Re-applies all steps from one end to the other, both included, lowest first. */
  reapplySteps(from: number, to: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("reapply", this.#select(from, to, true), request);
  }

  /** What {@link rollbackSteps} would do: carried out in a transaction, measured, and aborted. */
  dryRunRollback(from: number, to = from, options: { cascade?: boolean } = {}): Promise<DryRun> {
    return this.dryRun("rollback", this.#select(from, to, from !== to), options);
  }

  /** The same for either direction and any selection. */
  dryRun(direction: Direction, selection: StepSelection, { cascade = false } = {}): Promise<DryRun> {
    const engine = this.#engine;
    return withOperationLock(engine.pool, async (session) => {
      const states = await readStates(session);
      const steps = orderSteps({ changes: engine.changes, states, selection, direction, cascade });
      return dryRun(engine, session, direction, steps);
    });
  }

  /** Carries out a selection in either direction; a refusal goes into the ledger, too. */
  async run(
    direction: Direction,
    selection: StepSelection,
    request: OperationRequest,
  ): Promise<OperationResult> {
    const engine = this.#engine;
    const { changes, clock } = engine;
    try {
      return await withOperationLock(engine.pool, async (session) => {
        await this.#recordInterrupted(session, request);
        const states = await readStates(session);
        const steps = orderSteps({
          changes,
          states,
          selection,
          direction,
          cascade: request.cascade ?? false,
        });
        const moving = steps.flatMap((step) => changes.filter((change) => change.step === step));
        const reason = request.reason ?? null;
        if (direction === "rollback") {
          demandAcknowledgement(moving, { reason, acknowledge: request.acknowledge ?? [] });
        }
        return runOperation(engine, session, { direction, moving, request });
      });
    } catch (error) {
      if (error instanceof Failure && !error.extra.operation) {
        const refusal = { code: error.code, detail: error.detail };
        const entry = this.#entry(`${direction}.refused`, selection.steps, request, null, refusal);
        await engine.db
          .transaction()
          .execute((tx) => appendToLedger(tx, { ...entry, at: clock.now().toISOString() }));
      }
      throw error;
    }
  }

  /** Each step, its state, and whether it could be rolled back right now. */
  getStatus(): Promise<{ steps: StepStatus[] }> {
    return stepStatuses(this.#engine);
  }

  /** @throws Failure EB_OPERATION_UNKNOWN */
  getOperationDetails(id: string): Promise<OperationDetails> {
    return operationDetails(this.#engine.db, id);
  }

  /** The newest first. */
  listOperations(limit = 50): Promise<RollbackOperation[]> {
    return listOperations(this.#engine.db, limit);
  }

  /** Recomputes the ledger's chain of hashes; `expectedHead` is a head that was printed earlier. */
  verifyLedger(expectedHead?: string): Promise<AuditResult> {
    return verifyLedger(this.#engine.db, expectedHead);
  }

  /** Ledger entries, the newest first. */
  readLedger(page: { limit: number; before?: number }) {
    return readLedger(this.#engine.db, page);
  }

  /** The numbers of the registered steps, lowest first. */
  get steps(): number[] {
    return this.#engine.changes.map(({ step }) => step);
  }

  #select(from: number, to: number, range: boolean): StepSelection {
    return selectSteps(from, to, this.steps, range);
  }

  async #recordInterrupted(session: Database, by: OperationRequest): Promise<void> {
    for (const { id, steps } of await markInterrupted(session, this.#engine.clock.now())) {
      const entry = this.#entry("interrupted", steps, by, id, "its process ended before it did");
      await session.transaction().execute((tx) => appendToLedger(tx, entry));
    }
  }

  #entry(
    action: string,
    steps: readonly number[],
    by: Pick<OperationRequest, "requestedBy" | "origin" | "reason" | "plan">,
    operation: string | null,
    result: unknown,
  ): LedgerEntry {
    const { requestedBy, origin, reason = null, plan = null } = by;
    return {
      at: this.#engine.clock.now().toISOString(),
      action,
      operation,
      steps,
      operator: requestedBy,
      origin,
      reason,
      plan,
      result,
    };
  }
}

const missing = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): Change[] =>
  changes.filter(({ step }) => !states.has(step));
