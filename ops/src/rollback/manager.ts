import type { Failure } from "../core/failure.ts";
import type { PeriodPage } from "../database/period-page.ts";
import { type Approval, listApprovals } from "./approvals/approval.ts";
import { approve, withdraw } from "./approvals/decide.ts";
import { markRaised } from "./approvals/override.ts";
import type { AnchorLines } from "./audit/anchor.ts";
import {
  type LedgerEntry,
  type LedgerPage,
  type LedgerRecord,
  readLedger,
  recordIfChanged,
  recordInLedger,
} from "./audit/ledger.ts";
import type { LedgerHead } from "./audit/ledger-hash.ts";
import { type LedgerProtection, protectLedger } from "./audit/protect-ledger.ts";
import { type AuditPage, auditReader } from "./audit/read.ts";
import { type AuditResult, verifyLedger } from "./audit/verify.ts";
import type { Change, Check, Direction, RowCount, StepState } from "./change/change.ts";
import { type StepSelection, selectSteps, stepUnknown } from "./change/step-range.ts";
import { translated } from "./database/database-errors.ts";
import type { Alarm } from "./engine/alarm.ts";
import {
  type ApprovalPolicy,
  changesOf,
  changesToMove,
  createEngine,
  type Engine,
  type EngineOptions,
} from "./engine/engine.ts";
import type { OperationRequest, Requester } from "./engine/request.ts";
import type { OperationResult } from "./execution/execute.ts";
import { resumeOrAbort } from "./execution/resume.ts";
import { changeUntil } from "./expiry/until.ts";
import { attendOnce, attendRepeatedly } from "./housekeeping.ts";
import { installChanges } from "./install.ts";
import { moveSteps } from "./move-steps.ts";
import {
  anchorHead,
  auditedUnderLock,
  ledgerEntry,
  record,
  recordRefusal,
} from "./operations/audited-run.ts";
import { operationsBegun } from "./operations/begun.ts";
import {
  listOperations,
  type OperationDetails,
  type OperationFilter,
  operationDetails,
  type RollbackOperation,
} from "./operations/operation.ts";
import { withOperationLock } from "./operations/operation-lock.ts";
import { type OperationEvent, watchOperation } from "./operations/watch.ts";
import { checkSteps, type StepFindings } from "./preflight/check-steps.ts";
import { verifySteps } from "./preflight/verify-steps.ts";
import { type DryRun, type DryRunOptions, dryRun } from "./preview/dry-run.ts";
import { impactPreviewer, type Preview } from "./preview/impact-preview.ts";
import { type Overview, readOverview } from "./preview/overview.ts";
import { listParked, type ParkedStep } from "./preview/parked.ts";
import { type Certificate, proveSteps } from "./preview/prove.ts";
import { type StepStatus, stepStatuses } from "./preview/status.ts";
import { purgeStep } from "./purge-step.ts";
import { type SettledStep, settleSteps } from "./settle-steps.ts";

/**
 * Rolls back and re-applies the registered changes of one database.
 *
 * Every method that refuses throws a {@link Failure} with a code, a remedy and an exit status, and changes nothing. Three
 * failures can follow steps that were fully moved: EB_CHECKS_FAILED, EB_OPERATION_FAILED, and EB_PLAN_STALE between two
 * steps. Times in results are ISO 8601, durations are milliseconds.
 */
export class RollbackManager {
  readonly #engine: Engine;
  readonly #readAudit: ReturnType<typeof auditReader>;
  readonly #previewImpact: ReturnType<typeof impactPreviewer>;

  constructor(options: EngineOptions) {
    this.#engine = createEngine(options);
    this.#readAudit = auditReader(this.#engine.db, options.anchors);
    this.#previewImpact = impactPreviewer(this.#engine);
  }

  /**
   * Creates missing tables of the engine and applies the missing changes, lowest step first, each in its own
   * transaction. Resolves with the steps that were applied.
   *
   * @param only applies these steps alone; an instance that a release starts passes none, and applies nothing
   * @throws Failure EB_STEP_UNKNOWN, EB_STEP_LACKS_REQUIREMENTS, EB_STEP_OBSTRUCTED, EB_LOCK_NOT_OBTAINED
   */
  async install(by: Requester, { only }: { only?: readonly number[] } = {}): Promise<number[]> {
    for (const step of only ?? []) this.#change(step);
    return translated(() => installChanges(this.#engine, by, only)).finally(() => anchorHead(this.#engine));
  }

  /**
   * Fills what instances of an earlier version, which do not know these steps, wrote since the steps were applied.
   * Steps that are not applied are left out.
   */
  async settle(steps: readonly number[], by: Requester & { reason?: string }): Promise<SettledStep[]> {
    const changes = steps.map((step) => this.#change(step));
    return auditedUnderLock(this.#engine, { action: "settle", steps, by }, (session) =>
      settleSteps(this.#engine, session, { changes, by }),
    );
  }

  /**
   * Rolls back one step. If it is already rolled back, `operation` is null.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_STEP_HAS_DEPENDENTS, EB_STEP_OBSTRUCTED,
   *   EB_REASON_MISSING, EB_ACKNOWLEDGEMENT_MISSING, EB_ACKNOWLEDGEMENT_WRONG, EB_PLAN_STALE,
   *   EB_OPERATION_RUNNING, EB_LOCK_NOT_OBTAINED, EB_CHECKS_FAILED, EB_OPERATION_FAILED
   */
  rollbackStep(step: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(step, step, false), request);
  }

  /** Rolls back a range of steps, both ends included, highest first. */
  rollbackSteps(from: number, to: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(from, to, true), request);
  }

  /**
   * Re-applies one step. Values written since the rollback are kept unless the request says otherwise;
   * {@link getOperationDetails} lists them.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_STEP_LACKS_REQUIREMENTS, EB_CONFLICTS, EB_PLAN_STALE,
   *   EB_OPERATION_RUNNING, EB_LOCK_NOT_OBTAINED, EB_CHECKS_FAILED, EB_OPERATION_FAILED
   */
  reapplyStep(step: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("reapply", this.#select(step, step, false), request);
  }

  /** Re-applies a range of steps, both ends included, lowest first. */
  reapplySteps(from: number, to: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("reapply", this.#select(from, to, true), request);
  }

  /** Executes {@link rollbackSteps} in a transaction, measures it, and aborts the transaction. */
  dryRunRollback(
    from: number,
    to = from,
    options: DryRunOptions & { cascade?: boolean } = {},
  ): Promise<DryRun> {
    return this.dryRun("rollback", this.#select(from, to, from !== to), options);
  }

  /** Executes a dry run of any selection in either direction. */
  dryRun(
    direction: Direction,
    selection: StepSelection,
    { cascade = false, ...options }: DryRunOptions & { cascade?: boolean } = {},
  ): Promise<DryRun> {
    return translated(() =>
      withOperationLock(this.#engine.pool, async (session) => {
        const moving = await changesToMove(this.#engine, session, { direction, selection, cascade });
        return dryRun(this.#engine, session, { direction, moving, options });
      }),
    );
  }

  /** Moves a selection in either direction. */
  run(direction: Direction, selection: StepSelection, request: OperationRequest): Promise<OperationResult> {
    const audited = { action: direction, steps: selection.steps, by: request };
    return auditedUnderLock(this.#engine, audited, (session) =>
      moveSteps(this.#engine, session, { direction, selection, request }),
    );
  }

  /**
   * Resumes an interrupted or failed operation; the last one if `id` is undefined.
   *
   * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN
   */
  resume(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return auditedUnderLock(this.#engine, { action: "resume", steps: [], by: request }, (session) =>
      resumeOrAbort(this.#engine, session, { goal: "resume", id, request }),
    );
  }

  /** Reverts the steps that such an operation has moved, in reverse order. Throws the same as {@link resume}. */
  abort(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return auditedUnderLock(this.#engine, { action: "abort", steps: [], by: request }, (session) =>
      resumeOrAbort(this.#engine, session, { goal: "abort", id, request }),
    );
  }

  /**
   * Rolls the steps back and re-applies them in an aborted transaction, and compares fingerprints. Records the
   * certificate in the ledger.
   *
   * @param unlimited ignores the limit of rows: for a copy of the database that has no other users
   * @throws Failure EB_PROOF_TOO_LARGE
   */
  prove(selection: StepSelection, by: Requester, { unlimited = false } = {}): Promise<Certificate> {
    const audited = { action: "prove", steps: selection.steps, by };
    return auditedUnderLock(this.#engine, audited, async (session) => {
      const certificate = await proveSteps(this.#engine, session, { selection, unlimited });
      await this.recordProof(certificate, by);
      return certificate;
    });
  }

  /** Records a certificate in the ledger; `on` names the copy of the database that it was made on. */
  async recordProof(certificate: Certificate & { on?: string }, by: Requester): Promise<LedgerHead> {
    const attempt = { action: "prove", steps: certificate.steps, by };
    return translated(() => record(this.#engine.db, ledgerEntry(this.#engine, attempt, certificate)));
  }

  /** Lists the values parked for the steps that are rolled back. */
  parked(): Promise<ParkedStep[]> {
    return this.#read(listParked);
  }

  /**
   * Destroys the values parked for a step. If that needs an approval, requests it and destroys nothing.
   *
   * @throws Failure EB_NOTHING_PARKED, EB_PURGE_NOT_ACKNOWLEDGED, EB_PLAN_STALE
   */
  purge(step: number, request: OperationRequest): Promise<RowCount[] | { approval: Approval }> {
    const change = this.#change(step);
    return auditedUnderLock(this.#engine, { action: "purge", steps: [step], by: request }, (session) =>
      purgeStep(this.#engine, session, { change, request }),
    );
  }

  /** Lists requests for approval, newest first. */
  listApprovals(limit = 50): Promise<Approval[]> {
    return this.#read(({ db, clock }) => listApprovals(db, limit, clock.now()));
  }

  /**
   * Approves another person's request. The move starts when the call is repeated with the id of the request.
   *
   * @throws Failure EB_REASON_MISSING, EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER, EB_APPROVAL_OWN, EB_APPROVAL_IDS_REWRITTEN
   */
  approve(id: string, by: Requester & { reason?: string }): Promise<Approval> {
    return approve(this.#engine, id, by);
  }

  /** Withdraws a request that is not used yet, approved or not. @throws Failure EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER */
  withdraw(id: string, by: Requester & { reason?: string }): Promise<Approval> {
    return withdraw(this.#engine, id, by);
  }

  /**
   * Sets the time by which a rolled back step is to be re-applied; null removes it. Steps never move automatically.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_UNTIL_INVALID, EB_STEP_NOT_ROLLED_BACK
   */
  changeUntil(
    step: number,
    until: Date | null,
    by: Requester & { reason?: string },
  ): Promise<{ step: number; until: string | null }> {
    const change = this.#change(step);
    return auditedUnderLock(this.#engine, { action: "until", steps: [step], by }, (session) =>
      changeUntil(this.#engine, session, { change, until, by }),
    );
  }

  /** Sets the alarm that delivers notices of this manager. */
  alertThrough(alarm: Alarm): void {
    this.#engine.alarm = alarm;
  }

  /**
   * Sets the alarm and checks twice a minute for expired approvals, overrides and due re-applies. Several instances can
   * do so: each notice is delivered once. Returns a function that stops the checks and waits for the current one.
   */
  attend(alarm: Alarm): () => Promise<void> {
    this.alertThrough(alarm);
    return attendRepeatedly(this.#engine, alarm);
  }

  /** Checks once. */
  async attendOnce(): Promise<void> {
    const { alarm } = this.#engine;
    if (alarm) await translated(() => attendOnce(this.#engine, alarm));
  }

  /** Marks raised notices as delivered, so that no other process raises them again. */
  async noteAlerted(): Promise<void> {
    const { alarm } = this.#engine;
    if (alarm) await translated(() => markRaised(this.#engine, alarm));
  }

  /**
   * Lists obstacles to moving a step, or every step, and side effects to be aware of. Reads only the catalog; needs
   * neither the engine's tables nor the lock.
   *
   * @throws Failure EB_STEP_UNKNOWN
   */
  check(step?: number): Promise<StepFindings[]> {
    const steps = step === undefined ? this.steps : this.#select(step, step, false).steps;
    return this.#read((engine) => checkSteps(engine, changesOf(engine, steps)));
  }

  /** Runs the checks of every step that has been applied, for the state that it is in. Reads the rows of the service. */
  verifySteps(): Promise<{ step: number; state: StepState; checks: Check[] }[]> {
    return this.#read(verifySteps);
  }

  /** Lists the steps with state, whether a rollback is possible now, and an estimate of its duration. */
  getStatus(): Promise<{ steps: StepStatus[] }> {
    return this.#read(stepStatuses);
  }

  /**
   * Reads the impact of the possible move of a step without executing it, in at most two seconds. Resolves with a result
   * of the last minute if there is one.
   *
   * @throws Failure EB_STEP_UNKNOWN
   */
  async preview(step: number): Promise<Preview> {
    const change = this.#change(step);
    const preview = await translated(() => this.#previewImpact(change));
    if (!preview) throw stepUnknown(step, this.steps);
    return preview;
  }

  /** Counts the steps by state, with the current or last operation and the head of the ledger. */
  getOverview(): Promise<Overview> {
    return this.#read(({ db }) => readOverview(db));
  }

  /** @throws Failure EB_OPERATION_UNKNOWN */
  getOperationDetails(id: string): Promise<OperationDetails> {
    return this.#read(({ db }) => operationDetails(db, id));
  }

  /** A page of the operations that began in a period, newest first. */
  operationsBegun(page: PeriodPage): Promise<RollbackOperation[]> {
    return this.#read(({ db }) => operationsBegun(db, page));
  }

  /** The newest first. */
  listOperations(limit = 50, filter: OperationFilter = {}): Promise<RollbackOperation[]> {
    return this.#read(({ db }) => listOperations(db, { limit, ...filter }));
  }

  /**
   * Watches an operation of any process: its steps, its progress, and its end, which is the last event.
   *
   * @throws Failure EB_OPERATION_UNKNOWN
   */
  watchOperation(
    id: string,
    options: { stepsSeen?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<OperationEvent> {
    return watchOperation(this.#engine.db, id, options);
  }

  /**
   * Recomputes the hash chain of the ledger and compares it with the anchors.
   *
   * @param expectedHead a head that was printed earlier
   * @param anchored anchors to compare with instead of the manager's own
   */
  verifyLedger(expectedHead?: string, anchored?: AnchorLines): Promise<AuditResult> {
    return this.#read(async ({ db, anchors }) =>
      verifyLedger(db, expectedHead, anchored ?? (await anchors?.read())),
    );
  }

  /** Anchors the newest entry of the ledger; call it every hour. Does nothing without `anchors`, and never fails. */
  anchorLedger(): Promise<void> {
    return anchorHead(this.#engine);
  }

  /** Lists ledger entries, newest first, filtered by step, operator and action. */
  readLedger(page: LedgerPage): Promise<(LedgerEntry & LedgerHead)[]> {
    return this.#read(({ db }) => readLedger(db, page));
  }

  /** Lists ledger entries, and verifies the whole ledger. Verifies only if the ledger has changed since the last call. */
  readAudit(page: LedgerPage): Promise<AuditPage> {
    return translated(() => this.#readAudit(page));
  }

  /** Records an action that was refused before it reached the engine, for example for lack of permission. */
  recordRefusal(
    action: string,
    steps: readonly number[],
    by: OperationRequest,
    refusal: Failure,
  ): Promise<void> {
    return translated(() => recordRefusal(this.#engine, { action, steps, by }, refusal));
  }

  /** Records an event in the ledger, in its own transaction. */
  recordEvent(event: LedgerRecord): Promise<LedgerHead> {
    const { db } = this.#engine;
    return translated(() => db.transaction().execute((tx) => recordInLedger(tx, event)));
  }

  /** Records an event unless the newest entry of its action has the same result; then returns null. */
  recordIfChanged(event: LedgerRecord): Promise<LedgerHead | null> {
    const { db } = this.#engine;
    return translated(() => db.transaction().execute((tx) => recordIfChanged(tx, event)));
  }

  /**
   * Transfers the ledger to another role; the role of the service can then only read and append. Needs the
   * privileges of an administrator.
   *
   * @throws Failure EB_LEDGER_OWNER
   */
  protectLedger(owner: string, by: Requester): Promise<LedgerProtection> {
    return translated(() => protectLedger(this.#engine, owner, by));
  }

  /** The registered step numbers, lowest first. */
  get steps(): number[] {
    return this.#engine.changes.map(({ step }) => step);
  }

  /** The registered changes, lowest step first. */
  get changes(): readonly Change[] {
    return this.#engine.changes;
  }

  /** The steps whose risk is `critical`. */
  get criticalSteps(): number[] {
    return this.#engine.changes.filter(({ risk }) => risk === "critical").map(({ step }) => step);
  }

  /** The moves that need approval by a second person. */
  get approval(): ApprovalPolicy {
    return this.#engine.approval;
  }

  /** Reads on one session of the engine. */
  #read<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    const { db } = this.#engine;
    return translated(() =>
      db.connection().execute((connection) => work({ ...this.#engine, db: connection })),
    );
  }

  /** @throws Failure EB_STEP_UNKNOWN */
  #change(step: number): Change {
    const change = this.#engine.changes.find((each) => each.step === step);
    if (!change) throw stepUnknown(step, this.steps);
    return change;
  }

  #select(from: number, to: number, range: boolean): StepSelection {
    return selectSteps(from, to, this.steps, range);
  }
}
