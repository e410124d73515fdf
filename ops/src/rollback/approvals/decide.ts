import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import { appendToLedger } from "../audit/ledger.ts";
import type { Database } from "../change/change.ts";
import { requireReason } from "../change/confirmation.ts";
import type { Engine } from "../engine/engine.ts";
import type { Requester } from "../engine/request.ts";
import { isAllowed } from "../operations/actions.ts";
import { audited } from "../operations/audited-run.ts";
import { type Approval, findApproval, type StoredApproval } from "./approval.ts";
import { approvalEntry, expireApprovals } from "./expire.ts";

const notApprovedYet = defineFailure({
  code: "EB_APPROVAL_PENDING",
  status: 409,
  exitStatus: 6,
  detail: "Request {id} of {asked_by} is not approved yet; it expires at {expires_at}.",
  remedy: 'Ask another person to run: earlybird approve {id} --reason "...".',
});

const approvalDecided = defineFailure({
  code: "EB_APPROVAL_OVER",
  status: 409,
  exitStatus: 4,
  detail: "Request {id} of {asked_by} is already approved.",
  remedy: "Use it, or withdraw it.",
});

const approvalOver = defineFailure({
  code: "EB_APPROVAL_OVER",
  status: 409,
  exitStatus: 4,
  detail: "Request {id} of {asked_by} is {state}.",
  remedy: 'Request approval again with a new dry run; "earlybird approvals" lists the open requests.',
});

const ownApproval = defineFailure({
  code: "EB_APPROVAL_OWN",
  status: 409,
  exitStatus: 4,
  detail: "Request {id} was made by {asked_by}, who cannot approve it.",
  remedy: "Ask another person to approve it.",
});

const idsRewritten = defineFailure({
  code: "EB_APPROVAL_IDS_REWRITTEN",
  status: 409,
  exitStatus: 4,
  detail: "The requester of {id} cannot be verified: step {steps} has rewritten ids since the request.",
  remedy: "Withdraw the request, and request approval again.",
});

/** @throws Failure EB_APPROVAL_PENDING, EB_APPROVAL_OVER if the state does not allow the action */
export const requireState = (approval: Approval, action: "approve" | "use" | "withdraw"): void => {
  if (isAllowed(action, approval.state)) return;
  if (approval.state === "asked") throw notApprovedYet(approval);
  throw approval.state === "approved" ? approvalDecided(approval) : approvalOver(approval);
};

/** The unique id of a person: names are not unique and can change. */
export const identityOf = ({ person, requestedBy }: Requester): string => person ?? requestedBy;

/** The lifetime of a request until its approval, and of an approval until its use. */
export const approvalLifetimeMs = 3_600_000;

/**
 * Approves a request of another person.
 *
 * @throws Failure EB_REASON_MISSING, EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER, EB_APPROVAL_OWN, EB_APPROVAL_IDS_REWRITTEN
 */
export const approve = (engine: Engine, id: string, by: Requester & { reason?: string }): Promise<Approval> =>
  decided(engine, { action: "approve", id, by }, async (tx, { approval, asker }) => {
    requireReason(by.reason, `Approving request ${id}`);
    requireState(approval, "approve");
    if (asker === identityOf(by)) throw ownApproval(approval);
    const rewriting = await stepsThatRewroteIds(engine, tx, approval);
    if (rewriting.length > 0) throw idsRewritten({ id: approval.id, steps: rewriting.join(", ") });
    const at = engine.clock.now();
    const expiresAt = new Date(at.getTime() + approvalLifetimeMs);
    await sql`update earlybird.approvals set state = 'approved', approved_by = ${by.requestedBy},
      approved_at = ${at}, approval_reason = ${by.reason}, expires_at = ${expiresAt} where id = ${id}::bigint`.execute(
      tx,
    );
    const { approval: approved } = await findApproval(tx, id, engine.clock);
    await appendToLedger(tx, approvalEntry(approved, "approved", { by, at, reason: by.reason ?? null }));
    return approved;
  });

/** Withdraws a request that is not used yet. @throws Failure EB_APPROVAL_UNKNOWN, EB_APPROVAL_OVER */
export const withdraw = (
  engine: Engine,
  id: string,
  by: Requester & { reason?: string },
): Promise<Approval> =>
  decided(engine, { action: "withdraw", id, by }, async (tx, { approval }) => {
    requireState(approval, "withdraw");
    const at = engine.clock.now();
    await sql`update earlybird.approvals set state = 'withdrawn', ended_by = ${by.requestedBy}, ended_at = ${at}
      where id = ${id}::bigint`.execute(tx);
    const { approval: withdrawn } = await findApproval(tx, id, engine.clock);
    // Records the request before the withdrawal, with its approval if any.
    await appendToLedger(tx, approvalEntry(approval, "withdrawn", { by, at, reason: by.reason ?? null }));
    return withdrawn;
  });

/** Uses an approval, once, in the transaction that begins the approved move. @throws Failure EB_APPROVAL_OVER */
export const useApproval = async (
  engine: Engine,
  tx: Database,
  { id, by, operation }: { id: string; by: Requester; operation: string | null },
): Promise<void> => {
  const { approval } = await findApproval(tx, id, engine.clock, { lock: true });
  requireState(approval, "use");
  const at = engine.clock.now();
  await sql`update earlybird.approvals set state = 'used', ended_by = ${by.requestedBy}, ended_at = ${at},
    operation_id = ${operation}::bigint where id = ${id}::bigint`.execute(tx);
  await appendToLedger(tx, approvalEntry(approval, "used", { by, at, reason: approval.reason, operation }));
};

/** Locks one request and changes it; records refusals in the ledger. */
const decided = async (
  engine: Engine,
  { action, id, by }: { action: string; id: string; by: Requester & { reason?: string } },
  work: (tx: Database, stored: StoredApproval) => Promise<Approval>,
): Promise<Approval> => {
  const attempt = { action, steps: [] as readonly number[], by };
  return audited(engine, attempt, async () => {
    await expireApprovals(engine, engine.db);
    return engine.db.transaction().execute(async (tx) => {
      const stored = await findApproval(tx, id, engine.clock, { lock: true });
      attempt.steps = stored.approval.steps;
      return work(tx, stored);
    });
  });
};

/** Rewritten ids can include the id of the requester, who could then approve their own request. */
const stepsThatRewroteIds = async (
  { changes }: Engine,
  db: Database,
  { asked_at }: Approval,
): Promise<number[]> => {
  const rewriting = changes
    .filter(({ parts }) => parts.some(({ kind }) => kind === "identifiers"))
    .map(({ step }) => step);
  const { rows } = await sql<{ step: number }>`
    select step from earlybird.steps where step = any(${rewriting}::integer[]) and changed_at >= ${asked_at}::timestamptz
    order by step`.execute(db);
  return rows.map(({ step }) => step);
};
