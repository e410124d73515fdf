import type { Failure } from "../core/failure.ts";
import { type Approval, listApprovals } from "./approvals/approval.ts";
import { askForApproval, consentTo, readOrder, recordConsent } from "./approvals/consent.ts";
import { approve, withdraw } from "./approvals/decide.ts";
import { noteRaised, raiseOverrides } from "./approvals/override.ts";
import type { AnchorLines } from "./audit/anchor.ts";
import {
  appendToLedger,
  type LedgerEntry,
  type LedgerRecord,
  readLedger,
  recordIfChanged,
  recordInLedger,
} from "./audit/ledger.ts";
import type { LedgerHead } from "./audit/ledger-hash.ts";
import { type LedgerProtection, protectLedger } from "./audit/protect-ledger.ts";
import { type AuditPage, auditReader } from "./audit/read.ts";
import { type AuditResult, verifyLedger } from "./audit/verify.ts";
import type { Direction, RowCount } from "./change/change.ts";
import { demandAcknowledgement } from "./change/confirmation.ts";
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
import { carryOut, type OperationResult, refuseObstacles } from "./execution/execute.ts";
import { takeUpOperation } from "./execution/resume.ts";
import { changeUntil, demandUntil } from "./expiry/until.ts";
import { attendOnce, attendRepeatedly } from "./housekeeping.ts";
import { installChanges } from "./install.ts";
import { anchorHead, entryFor, record, recordRefusal, underLock } from "./operations/audited-run.ts";
import {
  beginOperation,
  listOperations,
  type OperationDetails,
  type OperationFilter,
  operationDetails,
  type RollbackOperation,
} from "./operations/operation.ts";
import { withOperationLock } from "./operations/operation-lock.ts";
import { type OperationEvent, watchOperation } from "./operations/watch.ts";
import { checkSteps, type StepFindings } from "./preflight/check-steps.ts";
import { type DryRun, type DryRunOptions, dryRun } from "./preview/dry-run.ts";
import { type Overview, readOverview } from "./preview/overview.ts";
import { demandPurge, listParked, type ParkedStep, purgeParked, purgePlan } from "./preview/parked.ts";
import { type Certificate, proveSteps } from "./preview/prove.ts";
import { type StepStatus, stepStatuses } from "./preview/status.ts";
import { demandPlan, planStale } from "./preview/verify-plan.ts";

/**
 * Rolls back and re-applies the registered changes of one database.
 *
 * Every method throws a {@link Failure} with a code, a remedy and an exit status when it refuses; nothing has
 * changed then. Only three come after steps were moved, each of them whole: EB_CHECKS_FAILED, EB_OPERATION_FAILED,
 * and EB_PLAN_STALE between two steps. Times in what they answer are ISO 8601, durations milliseconds.
 */
export class RollbackManager {
  readonly #engine: Engine;
  readonly #readAudit: ReturnType<typeof auditReader>;

  constructor(options: EngineOptions) {
    this.#engine = createEngine(options);
    this.#readAudit = auditReader(this.#engine.db, options.anchors);
  }

  /**
   * Creates the engine's tables where absent and applies the changes that this database does not have yet,
   * lowest first, each in a transaction of its own. Resolves with the steps it applied.
   */
  install(by: Requester): Promise<number[]> {
    return translated(() => installChanges(this.#engine, by)).finally(() => anchorHead(this.#engine));
  }

  /**
   * Rolls one step back. A step that is rolled back already is no error: `operation` is null then.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_STEP_HAS_DEPENDENTS, EB_STEP_OBSTRUCTED,
   *   EB_REASON_MISSING, EB_ACKNOWLEDGEMENT_MISSING, EB_ACKNOWLEDGEMENT_WRONG, EB_PLAN_STALE,
   *   EB_OPERATION_RUNNING, EB_LOCK_NOT_OBTAINED, EB_CHECKS_FAILED, EB_OPERATION_FAILED
   */
  rollbackStep(step: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(step, step, false), request);
  }

  /** Rolls back all steps from one end to the other, both included, highest first. */
  rollbackSteps(from: number, to: number, request: OperationRequest): Promise<OperationResult> {
    return this.run("rollback", this.#select(from, to, true), request);
  }

  /**
   * Re-applies one step. What was written meanwhile is kept unless the request says otherwise, and listed by
   * {@link getOperationDetails}.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_STEP_LACKS_REQUIREMENTS, EB_CONFLICTS, EB_PLAN_STALE,
   *   EB_OPERATION_RUNNING, EB_LOCK_NOT_OBTAINED, EB_CHECKS_FAILED, EB_OPERATION_FAILED
   */
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
    return translated(() =>
      withOperationLock(this.#engine.pool, async (session) => {
        const moving = await changesToMove(this.#engine, session, { direction, selection, cascade });
        return dryRun(this.#engine, session, { direction, moving, options });
      }),
    );
  }

  /** Carries out a selection in either direction. */
  run(direction: Direction, selection: StepSelection, request: OperationRequest): Promise<OperationResult> {
    const engine = this.#engine;
    const attempt = { action: direction, steps: selection.steps, by: request };
    return underLock(engine, attempt, async (session) => {
      const asked = { action: direction, selected: selection.steps };
      const order = await readOrder(engine, session, { ...asked, request });
      const { acknowledge = [], cascade = false, onConflict = "keep", plan, onProgress } = order.request;
      const moving = await changesToMove(engine, session, { direction, selection, cascade });
      if (moving.length === 0) return { operation: null, steps: [], total_ms: 0, ledger_head: null };
      const reason = order.request.reason ?? null;
      demandUntil(order.request.until, direction, engine.clock.now());
      if (direction === "rollback") demandAcknowledgement(moving, { reason, acknowledge });
      const consent = consentTo(engine, moving, order);
      await refuseObstacles(engine, session, moving);
      const demand = { direction, moving, onConflict };
      const promised =
        plan === undefined ? undefined : await demandPlan(engine, session, { ...demand, plan });
      const steps = moving.map(({ step }) => step);
      if (consent.kind === "to_be_asked") {
        const approval = await askForApproval(engine, session, { ...asked, steps, request: order.request });
        return { operation: null, steps: [], total_ms: 0, ledger_head: null, approval };
      }
      const begun = { kind: direction, steps, ...order.request, at: engine.clock.now() };
      const operation = await session.transaction().execute(async (tx) => {
        const began = await beginOperation(tx, begun);
        await recordConsent(engine, tx, {
          consent,
          action: direction,
          steps,
          by: request,
          operation: began.id,
        });
        return began;
      });
      if (consent.kind === "overridden") await this.#pageNow();
      const run = { operation, by: order.request, direction, moving, promised, onConflict, onProgress };
      return carryOut(engine, session, { ...run, checking: moving, endsAs: "completed" });
    });
  }

  /**
   * Goes on with an operation that was interrupted or has failed; the last one when none is named.
   *
   * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN
   */
  resume(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return underLock(this.#engine, { action: "resume", steps: [], by: request }, (session) =>
      takeUpOperation(this.#engine, session, { goal: "resume", id, request }),
    );
  }

  /** Takes back what such an operation has moved, in the opposite order. Throws what {@link resume} does. */
  abort(id: string | undefined, request: OperationRequest): Promise<OperationResult> {
    return underLock(this.#engine, { action: "abort", steps: [], by: request }, (session) =>
      takeUpOperation(this.#engine, session, { goal: "abort", id, request }),
    );
  }

  /**
   * Rolls the steps back and re-applies them in one transaction that is aborted, and compares fingerprints.
   * The certificate goes into the ledger.
   *
   * @param unlimited whatever the number of rows: for a copy that nobody else uses
   * @throws Failure EB_PROOF_TOO_LARGE
   */
  prove(selection: StepSelection, by: Requester, { unlimited = false } = {}): Promise<Certificate> {
    const engine = this.#engine;
    return underLock(engine, { action: "prove", steps: selection.steps, by }, async (session) => {
      const moving = await changesToMove(engine, session, {
        direction: "rollback",
        selection,
        cascade: true,
      });
      await refuseObstacles(engine, session, moving);
      const certificate = await proveSteps(engine, session, { moving, unlimited });
      await this.recordProof(certificate, by);
      return certificate;
    });
  }

  /** Chains a certificate to the ledger, also one that was made on a copy: then with the place of the copy. */
  async recordProof(certificate: Certificate & { on?: string }, by: Requester): Promise<LedgerHead> {
    const attempt = { action: "prove", steps: certificate.steps, by };
    return translated(() => record(this.#engine.db, entryFor(this.#engine, attempt, certificate)));
  }

  /** What is parked for the steps that are rolled back. */
  parked(): Promise<ParkedStep[]> {
    return this.#read(listParked);
  }

  /**
   * Destroys what is parked for a step; where that needs an approval, asks for it, and destroys nothing yet.
   *
   * @throws Failure EB_NOTHING_PARKED, EB_PURGE_NOT_ACKNOWLEDGED, EB_PLAN_STALE
   */
  purge(step: number, request: OperationRequest): Promise<RowCount[] | { approval: Approval }> {
    const engine = this.#engine;
    const [change] = changesOf(engine, this.#select(step, step, false).steps);
    const attempt = { action: "purge", steps: [step], by: request };
    return underLock(engine, attempt, async (session) => {
      if (!change) return [];
      const asked = { action: "purge", selected: [step] } as const;
      const order = await readOrder(engine, session, { ...asked, request });
      const { reason = null, acknowledge = [] } = order.request;
      await demandPurge(session, change, { reason, acknowledge });
      const plan = await purgePlan(session, change);
      if (order.approval && order.approval.plan !== plan)
        throw planStale({ demanded: order.approval.plan, current: plan }, { plan });
      order.request.plan = plan;
      const consent = consentTo(engine, [change], order);
      const steps = [step];
      if (consent.kind === "to_be_asked")
        return {
          approval: await askForApproval(engine, session, { ...asked, steps, request: order.request }),
        };
      const purged = await session.transaction().execute(async (tx) => {
        const rows = await purgeParked(tx, change);
        await recordConsent(engine, tx, { consent, action: "purge", steps, by: request, operation: null });
        await appendToLedger(
          tx,
          entryFor(engine, { ...attempt, by: { ...request, ...(reason && { reason }) } }, rows),
        );
        return rows;
      });
      if (consent.kind === "overridden") await this.#pageNow();
      return purged;
    });
  }

  /** Requests for an approval, the newest first. */
  listApprovals(limit = 50): Promise<Approval[]> {
    return this.#read(({ db, clock }) => listApprovals(db, limit, clock.now()));
  }

  /**
   * Approves what another person has asked for; whoever repeats their call with its id then moves it.
   *
   * @throws Failure EB_REASON_MISSING, EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER, EB_APPROVAL_OWN, EB_APPROVAL_IDS_REWRITTEN
   */
  approve(id: string, by: Requester & { reason?: string }): Promise<Approval> {
    return approve(this.#engine, id, by);
  }

  /** Ends a request that was not used, approved or not. @throws Failure EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER */
  withdraw(id: string, by: Requester & { reason?: string }): Promise<Approval> {
    return withdraw(this.#engine, id, by);
  }

  /**
   * Says by when a step that is rolled back is to be re-applied; null: by no time. It never moves by itself.
   *
   * @throws Failure EB_STEP_UNKNOWN, EB_UNTIL_INVALID, EB_STEP_NOT_ROLLED_BACK
   */
  changeUntil(
    step: number,
    until: Date | null,
    by: Requester & { reason?: string },
  ): Promise<{ step: number; until: string | null }> {
    const engine = this.#engine;
    const [change] = changesOf(engine, this.#select(step, step, false).steps);
    if (!change) throw stepUnknown(step, this.steps);
    return underLock(engine, { action: "until", steps: [step], by }, (session) =>
      changeUntil(engine, session, { change, until, by }),
    );
  }

  /** Says who brings to people what this manager must tell them at once. */
  alertThrough(alarm: Alarm): void {
    this.#engine.alarm = alarm;
  }

  /**
   * The same, and from now on looks twice a minute for what time brings about. Any instance may do so; what several
   * raise is told once. Resolves what it returns when the last look is over.
   */
  attend(alarm: Alarm): () => Promise<void> {
    this.alertThrough(alarm);
    return attendRepeatedly(this.#engine, alarm);
  }

  /** One such look. */
  async attendOnce(): Promise<void> {
    const { alarm } = this.#engine;
    if (alarm) await translated(() => attendOnce(this.#engine, alarm));
  }

  /** Says that what was raised has reached people, so that no other process tells it again. */
  async noteAlerted(): Promise<void> {
    const { alarm } = this.#engine;
    if (alarm) await translated(() => noteRaised(this.#engine, alarm));
  }

  /**
   * What this database would refuse of a step, or of every step, and what a move does that others may not expect. Reads
   * the catalog only; needs neither the engine's tables nor the lock.
   *
   * @throws Failure EB_STEP_UNKNOWN
   */
  check(step?: number): Promise<StepFindings[]> {
    const steps = step === undefined ? this.steps : this.#select(step, step, false).steps;
    return this.#read((engine) => checkSteps(engine, changesOf(engine, steps)));
  }

  /** Each step, its state, whether it could be rolled back right now, and about how long that would take. */
  getStatus(): Promise<{ steps: StepStatus[] }> {
    return this.#read(stepStatuses);
  }

  /** How many steps are where, the operation that runs or ran last, and the ledger's head. */
  getOverview(): Promise<Overview> {
    return this.#read(({ db }) => readOverview(db));
  }

  /** @throws Failure EB_OPERATION_UNKNOWN */
  getOperationDetails(id: string): Promise<OperationDetails> {
    return this.#read(({ db }) => operationDetails(db, id));
  }

  /** The newest first. */
  listOperations(limit = 50, filter: OperationFilter = {}): Promise<RollbackOperation[]> {
    return this.#read(({ db }) => listOperations(db, { limit, ...filter }));
  }

  /**
   * What happens to an operation, whichever process carries it out: its steps, its progress, and its end,
   * with which the sequence ends.
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
   * Recomputes the ledger's chain of hashes, and compares it with its anchors.
   *
   * @param expectedHead a head that was printed earlier
   * @param anchored anchors to compare with instead of this ledger's own
   */
  verifyLedger(expectedHead?: string, anchored?: AnchorLines): Promise<AuditResult> {
    return this.#read(async ({ db, anchors }) =>
      verifyLedger(db, expectedHead, anchored ?? (await anchors?.read())),
    );
  }

  /** Anchors the ledger's newest entry; call it every hour. Does nothing without `anchors`, and never fails. */
  anchorLedger(): Promise<void> {
    return anchorHead(this.#engine);
  }

  /** Ledger entries, the newest first. */
  readLedger(page: { limit: number; before?: number }): Promise<(LedgerEntry & LedgerHead)[]> {
    return this.#read(({ db }) => readLedger(db, page));
  }

  /** The same, and whether the whole ledger is as it was written. Cheap to ask again. */
  readAudit(page: { limit: number; before?: number }): Promise<AuditPage> {
    return translated(() => this.#readAudit(page));
  }

  /** Records an attempt that was refused before it came to the engine: for want of a right, say. */
  recordRefusal(
    action: string,
    steps: readonly number[],
    by: OperationRequest,
    refusal: Failure,
  ): Promise<void> {
    return translated(() => recordRefusal(this.#engine, { action, steps, by }, refusal));
  }

  /** Records an event beside the moves of steps, in a transaction of its own. */
  recordEvent(event: LedgerRecord): Promise<LedgerHead> {
    const { db } = this.#engine;
    return translated(() => db.transaction().execute((tx) => recordInLedger(tx, event)));
  }

  /** The same, unless the newest entry of this action has the same result: null then. */
  recordIfChanged(event: LedgerRecord): Promise<LedgerHead | null> {
    const { db } = this.#engine;
    return translated(() => db.transaction().execute((tx) => recordIfChanged(tx, event)));
  }

  /**
   * Gives the ledger to a role other than the service's, which may only read it and append to it from then on. Needs
   * the rights of an administrator.
   *
   * @throws Failure EB_LEDGER_OWNER
   */
  protectLedger(owner: string, by: Requester): Promise<LedgerProtection> {
    const { db, clock } = this.#engine;
    return translated(() =>
      db.transaction().execute(async (tx) => {
        const result = await protectLedger(tx, owner);
        if (result.service === null) return result;
        const { requestedBy: operator, origin } = by;
        await recordInLedger(tx, { action: "protect-ledger", operator, origin, at: clock.now(), result });
        return result;
      }),
    );
  }

  /** The numbers of the registered steps, lowest first. */
  get steps(): number[] {
    return this.#engine.changes.map(({ step }) => step);
  }

  /** Those whose risk is `critical`. */
  get criticalSteps(): number[] {
    return this.#engine.changes.filter(({ risk }) => risk === "critical").map(({ step }) => step);
  }

  /** Which moves need a second person. */
  get approval(): ApprovalPolicy {
    return this.#engine.approval;
  }

  /** Reads on one session of the engine, for as long as it takes. */
  #read<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    const { db } = this.#engine;
    return translated(() =>
      db.connection().execute((connection) => work({ ...this.#engine, db: connection })),
    );
  }

  /** Where that fails, the next look of a server does it: a move that was begun must not stop. */
  async #pageNow(): Promise<void> {
    const { alarm, log } = this.#engine;
    if (alarm)
      await raiseOverrides(this.#engine, alarm).catch((err: unknown) =>
        log.error({ err }, "the alert about a move without approval could not be raised yet"),
      );
  }

  #select(from: number, to: number, range: boolean): StepSelection {
    return selectSteps(from, to, this.steps, range);
  }
}
