import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import type { Logger } from "../lib/log.ts";
import { demandAcknowledgement } from "./acknowledgement.ts";
import { type Change, type Database, registerChanges, type StepState } from "./change.ts";
import { orderSteps } from "./dependencies.ts";
import { type DryRun, type DryRunOptions, dryRun } from "./dry-run.ts";
import {
  type AuditResult,
  appendToLedger,
  type LedgerEntry,
  type LedgerHead,
  readLedger,
  verifyLedger,
} from "./ledger.ts";
import { defaultPatience, type LockPatience } from "./lock-waits.ts";
import { applyForTheFirstTime } from "./move-step.ts";
import {
  beginOperation,
  continueOperation,
  directionOf,
  endOperation,
  listOperations,
  markInterrupted,
  type OperationDetails,
  operationDetails,
  type RollbackOperation,
  unfinishedOperation,
  withOperationLock,
} from "./operations.ts";
import { demandPurge, listParked, type ParkedStep, purgeParked } from "./parked.ts";
import type { Direction, OnConflict, RowCount } from "./parts/part.ts";
import type { Progress } from "./progress.ts";
import { type Certificate, proveSteps } from "./prove.ts";
import { carryOut, type OperationResult, type Run, refuseObstacles } from "./run.ts";
import { createEngineSchema } from "./schema.ts";
import { readStates, type StepStatus, stepStatuses } from "./status.ts";
import { type StepSelection, selectSteps } from "./step-range.ts";

/** Who asks, and from where. */
export interface Requester {
  /** A login or a system user. */
  requestedBy: string;
  /** From where: `cli <host>`, an address. */
  origin: string;
}

/** Told after each step, and of long steps while they run. */
export type ProgressListener = (
  progress:
    | { kind: "step"; step: number; index: number; of: number; duration_ms: number }
    | ({ kind: "rows" } & Progress),
) => void;

/** What a rollback, a re-apply or a purge is asked with. */
export interface OperationRequest extends Requester {
  reason?: string;
  /** The phrases of the critical steps among them. */
  acknowledge?: readonly string[];
  /** The hash of the dry run whose promise must still hold. */
  plan?: string;
  /** Also move what depends on these steps (rollback) or what they need (re-apply). */
  cascade?: boolean;
  /** Who wins where a re-apply finds a value edited meanwhile; `keep`, the edited one, by default. */
  onConflict?: OnConflict;
  onProgress?: ProgressListener;
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

const planStale = (demanded: string, current: string) =>
  new Failure(
    "EB_PLAN_STALE",
    409,
    `The plan ${demanded} no longer holds: the data or the steps have changed since, and the plan is now ${current}.`,
    "Read a new dry run and use its hash, or leave --plan out.",
    { plan: current },
  ).exitingWith(3);

/**
 * Rolls back and re-applies the registered changes of one database.
 *
 * Every method throws a {@link Failure} with a code, a remedy and an exit status when it refuses; nothing has
 * changed then. Times in what they answer are ISO 8601, durations milliseconds.
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
  async install(by: Requester): Promise<number[]> {
    const { db, pool, changes, clock } = this.#engine;
    await createEngineSchema(db);
    if (missing(changes, await readStates(db)).length === 0) return [];
    return withOperationLock(pool, async (session) => {
      // Another process may have applied them while this one waited for the lock.
      const absent = missing(changes, await readStates(session));
      const steps = absent.map(({ step }) => step);
      if (steps.length === 0) return [];
      const operation = await beginOperation(session, { kind: "apply", steps, ...by, at: clock.now() });
      for (const change of absent) {
        const entry = this.#entry("apply", [change.step], by, operation.id, "applied");
        await session.transaction().execute((tx) => applyForTheFirstTime(tx, change, changes, entry));
      }
      await endOperation(session, operation.id, { state: "completed", at: clock.now(), receipts: [] });
      return steps;
    });
  }

  /** Rolls one step back. */
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
  dryRunRollback(
    from: number,
    to = from,
    options: DryRunOptions & { cascade?: boolean } = {},
  ): Promise<DryRun> {
    return this.dryRun("rollback", this.#select(from, to, from !== to), options);
  }

  /** The same for either direction and any selection. */
  dryRun(
    direction: Direction,
    selection: StepSelection,
    { cascade = false, ...options }: DryRunOptions & { cascade?: boolean } = {},
  ): Promise<DryRun> {
    return withOperationLock(this.#engine.pool, async (session) => {
      const moving = await this.#order(session, direction, selection, cascade);
      return dryRun(this.#engine, session, { direction, moving, options });
    });
  }

  /** Carries out a selection in either direction. */
  run(direction: Direction, selection: StepSelection, request: OperationRequest): Promise<OperationResult> {
    return this.#recorded(direction, selection.steps, request, async (session) => {
      const moving = await this.#order(session, direction, selection, request.cascade ?? false);
      if (moving.length === 0) return { operation: null, steps: [], total_ms: 0, ledger_head: null };
      const reason = request.reason ?? null;
      const { acknowledge = [], onConflict = "keep", plan, onProgress } = request;
      if (direction === "rollback") demandAcknowledgement(moving, { reason, acknowledge });
      await refuseObstacles(session, moving, direction);
      const options = { execute: true, onConflict };
      const promised =
        plan === undefined ? undefined : await dryRun(this.#engine, session, { direction, moving, options });
      if (promised && promised.plan.hash !== plan) throw planStale(plan ?? "", promised.plan.hash);
      const steps = moving.map(({ step }) => step);
      const begun = { kind: direction, steps, ...request, at: this.#engine.clock.now() };
      const operation = await beginOperation(session, begun);
      const run = { operation, direction, moving, promised: promised?.steps, onConflict, onProgress };
      return carryOut(this.#engine, session, { ...run, endsAs: "completed" });
    });
  }

  /**
   * Goes on with an operation that was interrupted or has failed; the last one when none is named.
   *
   * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN
   */
  resume(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return this.#recorded("resume", [], request, async (session) => {
      const operation = await unfinishedOperation(session, id);
      const direction = directionOf(operation);
      const target = direction === "rollback" ? "rolled_back" : "applied";
      const states = await readStates(session);
      const moving = this.#changesOf(operation.steps).filter(({ step }) => states.get(step) !== target);
      return this.#takeUp(session, { operation, direction, moving, endsAs: "completed" }, request);
    });
  }

  /** Takes back what such an operation has moved, in the opposite order. */
  abort(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return this.#recorded("abort", [], request, async (session) => {
      const operation = await unfinishedOperation(session, id);
      const direction = directionOf(operation) === "rollback" ? "reapply" : "rollback";
      const target = direction === "rollback" ? "rolled_back" : "applied";
      const states = await readStates(session);
      // Also the step that was under way: what it has done outside of its transaction goes back, too.
      const moving = this.#changesOf([...operation.steps].reverse()).filter(
        ({ step, parts }) => states.get(step) !== target || parts.some(({ outside }) => outside),
      );
      return this.#takeUp(session, { operation, direction, moving, endsAs: "aborted" }, request);
    });
  }

  /**
   * Rolls the steps back and re-applies them in one transaction that is aborted, and compares fingerprints.
   * The certificate goes into the ledger.
   *
   * @param unlimited whatever the number of rows: for a copy that nobody else uses
   */
  async prove(selection: StepSelection, by: Requester, { unlimited = false } = {}): Promise<Certificate> {
    return this.#recorded("prove", selection.steps, by, async (session) => {
      const moving = await this.#order(session, "rollback", selection, true);
      await refuseObstacles(session, moving, "rollback");
      const certificate = await proveSteps(this.#engine, session, { moving, unlimited });
      const entry = this.#entry("prove", certificate.steps, by, null, certificate);
      await session.transaction().execute((tx) => appendToLedger(tx, entry));
      return certificate;
    });
  }

  /** What is parked for the steps that are rolled back. */
  parked(): Promise<ParkedStep[]> {
    return listParked(this.#engine);
  }

  /** Destroys what is parked for a step. @throws Failure EB_NOTHING_PARKED, EB_PURGE_NOT_ACKNOWLEDGED */
  purge(step: number, request: OperationRequest): Promise<RowCount[]> {
    const [change] = this.#changesOf(this.#select(step, step, false).steps);
    return this.#recorded("purge", [step], request, async (session) => {
      if (!change) return [];
      const { reason = null, acknowledge = [] } = request;
      await demandPurge(session, change, { reason, acknowledge });
      return session.transaction().execute(async (tx) => {
        const purged = await purgeParked(tx, change);
        await appendToLedger(tx, this.#entry("purge", [step], request, null, purged));
        return purged;
      });
    });
  }

  /** Each step, its state, whether it could be rolled back right now, and about how long that would take. */
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
  readLedger(page: { limit: number; before?: number }): Promise<(LedgerEntry & LedgerHead)[]> {
    return readLedger(this.#engine.db, page);
  }

  /** Records an attempt that was refused before it came to the engine: for want of a right, say. */
  async recordRefusal(
    action: string,
    steps: readonly number[],
    by: OperationRequest,
    refusal: Failure,
  ): Promise<void> {
    const entry = this.#entry(`${action}.refused`, steps, by, null, {
      code: refusal.code,
      detail: refusal.detail,
    });
    await this.#engine.db.transaction().execute((tx) => appendToLedger(tx, entry));
  }

  /** The numbers of the registered steps, lowest first. */
  get steps(): number[] {
    return this.#engine.changes.map(({ step }) => step);
  }

  #select(from: number, to: number, range: boolean): StepSelection {
    return selectSteps(from, to, this.steps, range);
  }

  #changesOf(steps: readonly number[]): Change[] {
    return steps.flatMap((step) => this.#engine.changes.filter((change) => change.step === step));
  }

  async #order(
    session: Database,
    direction: Direction,
    selection: StepSelection,
    cascade: boolean,
  ): Promise<Change[]> {
    const states = await readStates(session);
    const { changes } = this.#engine;
    return this.#changesOf(orderSteps({ changes, states, selection, direction, cascade }));
  }

  #takeUp(
    session: Database,
    run: Pick<Run, "operation" | "direction" | "moving" | "endsAs"> & { operation: OperationDetails },
    { onConflict = "keep", onProgress }: OperationRequest,
  ): Promise<OperationResult> {
    return continueOperation(session, run.operation.id).then(() =>
      carryOut(this.#engine, session, { ...run, earlier: run.operation.receipts, onConflict, onProgress }),
    );
  }

  /** Does the work under the operation lock; what is refused, or fails, goes into the ledger as well. */
  async #recorded<T>(
    action: string,
    steps: readonly number[],
    request: OperationRequest,
    work: (session: Database) => Promise<T>,
  ): Promise<T> {
    const { pool, db } = this.#engine;
    try {
      return await withOperationLock(pool, async (session) => {
        await this.#recordInterrupted(session, request);
        return work(session);
      });
    } catch (error) {
      if (error instanceof Failure) {
        const { code, detail, extra } = error;
        const operation = typeof extra.operation === "string" ? extra.operation : null;
        const ending = operation ? "failed" : "refused";
        const entry = this.#entry(`${action}.${ending}`, steps, request, operation, { code, detail });
        await db.transaction().execute((tx) => appendToLedger(tx, entry));
      }
      throw error;
    }
  }

  async #recordInterrupted(session: Database, by: Requester): Promise<void> {
    for (const { id, steps } of await markInterrupted(session, this.#engine.clock.now())) {
      const entry = this.#entry("interrupted", steps, by, id, "its process ended before it did");
      await session.transaction().execute((tx) => appendToLedger(tx, entry));
    }
  }

  #entry(
    action: string,
    steps: readonly number[],
    { requestedBy, origin, reason, plan }: Requester & { reason?: string; plan?: string },
    operation: string | null,
    result: unknown,
  ): LedgerEntry {
    const at = this.#engine.clock.now().toISOString();
    return {
      at,
      action,
      operation,
      steps,
      operator: requestedBy,
      origin,
      reason: reason ?? null,
      plan: plan ?? null,
      result,
    };
  }
}

const missing = (changes: readonly Change[], states: ReadonlyMap<number, StepState>): Change[] =>
  changes.filter(({ step }) => !states.has(step));
