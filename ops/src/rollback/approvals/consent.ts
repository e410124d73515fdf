import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import { appendToLedger } from "../audit/ledger.ts";
import type { Change, Database } from "../change/change.ts";
import { requireReason } from "../change/confirmation.ts";
import type { Engine } from "../engine/engine.ts";
import type { OperationRequest, Requester } from "../engine/request.ts";
import {
  type ApprovableAction,
  type Approval,
  columns,
  findApproval,
  fromRow,
  type Row,
} from "./approval.ts";
import { approvalLifetimeMs, identityOf, requireState, useApproval } from "./decide.ts";
import { approvalEntry, expireApprovals } from "./expire.ts";
import { recordOverride } from "./override.ts";

/** Why a move can begin, or that an approval must be requested first. */
export type Consent =
  | { kind: "not_needed" }
  | { kind: "to_be_asked" }
  | { kind: "approved"; approval: Approval }
  | { kind: "overridden"; reason: string };

const planMissing = defineFailure({
  code: "EB_PLAN_MISSING",
  status: 428,
  exitStatus: 6,
  detail: "Moving {steps} needs another person's approval of a plan.",
  remedy: "Run a dry run, then add --plan with its hash.",
});

const approvalMismatch = defineFailure({
  code: "EB_APPROVAL_MISMATCH",
  status: 409,
  exitStatus: 4,
  detail: "Request {id} is for a {action} of {steps}.",
  remedy: "Name the same steps, or request approval for this operation.",
});

/** A request with the approval that it uses, if any. */
export interface ResolvedRequest {
  request: OperationRequest;
  approval: Approval | undefined;
}

/**
 * Resolves a request: if it names an approval, the approved values replace its own.
 *
 * @throws Failure EB_APPROVAL_UNKNOWN, EB_APPROVAL_MISMATCH, EB_APPROVAL_PENDING, EB_APPROVAL_OVER
 */
export const resolveRequest = async (
  engine: Engine,
  session: Database,
  asked: { action: ApprovableAction; selected: readonly number[]; request: OperationRequest },
): Promise<ResolvedRequest> => {
  const { action, selected, request } = asked;
  if (request.approval === undefined) {
    const { override, reason = override } = request;
    return { request: { ...request, ...(reason !== undefined && { reason }) }, approval: undefined };
  }
  await expireApprovals(engine, session);
  const stored = await findApproval(session, request.approval, engine.clock);
  const { approval } = stored;
  if (approval.action !== action || !isDeepStrictEqual(stored.selected, [...selected]))
    throw approvalMismatch({ ...approval, steps: approval.steps.join(", ") });
  requireState(approval, "use");
  const { reason, plan, cascade, acknowledge, on_conflict, until } = approval;
  const approved = { reason, plan, cascade, acknowledge, onConflict: on_conflict };
  return { request: { ...request, ...approved, ...(until && { until: new Date(until) }) }, approval };
};

/** Whether a move can begin. @throws Failure EB_REASON_MISSING, EB_PLAN_MISSING if an approval cannot be requested */
export const consentTo = (
  { approval: policy }: Engine,
  moving: readonly Change[],
  { request, approval }: ResolvedRequest,
): Consent => {
  if (approval) return { kind: "approved", approval };
  if (policy === "none" || !moving.some(({ risk }) => risk === "critical")) return { kind: "not_needed" };
  const steps = moving.map(({ step }) => step);
  if (request.override?.trim()) return { kind: "overridden", reason: request.override };
  requireReason(request.reason, `Asking for an approval to move ${steps.join(", ")}`);
  if (request.plan === undefined) throw planMissing({ steps: steps.join(", ") });
  return { kind: "to_be_asked" };
};

/** Records why a move can begin, in the transaction that begins it; the ledger is written last. */
export const recordConsent = async (
  engine: Engine,
  tx: Database,
  begun: {
    consent: Consent;
    action: ApprovableAction;
    steps: number[];
    by: Requester;
    operation: string | null;
  },
): Promise<void> => {
  const { consent, ...move } = begun;
  if (consent.kind === "approved") await useApproval(engine, tx, { id: consent.approval.id, ...move });
  if (consent.kind === "overridden") await recordOverride(engine, tx, { reason: consent.reason, ...move });
};

/**
 * Requests an approval. A repeated call returns the pending request.
 */
export const askForApproval = async (
  engine: Engine,
  session: Database,
  asked: {
    action: ApprovableAction;
    selected: readonly number[];
    steps: number[];
    request: OperationRequest;
  },
): Promise<Approval> => {
  const { action, selected, steps, request } = asked;
  const { reason, plan, cascade = false, acknowledge = [], onConflict = "keep", until = null } = request;
  const asker = identityOf(request);
  await expireApprovals(engine, session);
  return session.transaction().execute(async (tx) => {
    const at = engine.clock.now();
    const { rows: open } = await sql<Row>`
      select ${columns} from earlybird.approvals a
      where a.state in ('asked', 'approved') and a.asker = ${asker} and a.action = ${action}
        and a.selected = ${selected}::integer[] and a.steps = ${steps}::integer[] and a.plan_hash = ${plan}
        and a.on_conflict = ${onConflict} and a.until is not distinct from ${until}::timestamptz
        and a.expires_at > ${at}
      order by a.id limit 1`.execute(tx);
    if (open[0]) return fromRow(open[0], at).approval;
    const expiresAt = new Date(at.getTime() + approvalLifetimeMs);
    const { rows } = await sql<Row>`
      insert into earlybird.approvals as a (action, selected, steps, cascade, on_conflict, until, reason, plan_hash,
        acknowledge, asked_by, asker, origin, asked_at, expires_at, state)
      values (${action}, ${selected}, ${steps}, ${cascade}, ${onConflict}, ${until}, ${reason}, ${plan},
        ${acknowledge}, ${request.requestedBy}, ${asker}, ${request.origin}, ${at}, ${expiresAt}, 'asked')
      returning ${columns}`.execute(tx);
    const { approval } = fromRow(rows[0] as Row, at);
    await appendToLedger(tx, approvalEntry(approval, "asked", { by: request, at, reason: approval.reason }));
    return approval;
  });
};
