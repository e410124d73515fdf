import type { Approval } from "./approvals/approval.ts";
import { askForApproval, consentTo, recordConsent, resolveRequest } from "./approvals/consent.ts";
import { raiseOverridesNow } from "./approvals/override.ts";
import { appendToLedger } from "./audit/ledger.ts";
import type { Change, Database, RowCount } from "./change/change.ts";
import type { Engine } from "./engine/engine.ts";
import type { OperationRequest } from "./engine/request.ts";
import { ledgerEntry } from "./operations/audited-run.ts";
import { purgeParked, purgePlan, requirePurge } from "./preview/parked.ts";
import { planStale } from "./preview/verify-plan.ts";

/**
 * Destroys the values parked for a step, or requests the approval that is missing. `session` holds the operation lock.
 *
 * @throws Failure EB_NOTHING_PARKED, EB_PURGE_NOT_ACKNOWLEDGED, EB_PLAN_STALE
 */
export const purgeStep = async (
  engine: Engine,
  session: Database,
  { change, request }: { change: Change; request: OperationRequest },
): Promise<RowCount[] | { approval: Approval }> => {
  const steps = [change.step];
  const asked = { action: "purge", selected: steps } as const;
  const resolved = await resolveRequest(engine, session, { ...asked, request });
  const { reason = null, acknowledge = [] } = resolved.request;
  await requirePurge(session, change, { reason, acknowledge });
  const plan = await purgePlan(session, change);
  if (resolved.approval && resolved.approval.plan !== plan)
    throw planStale({ demanded: resolved.approval.plan, current: plan }, { plan });
  resolved.request.plan = plan;
  const consent = consentTo(engine, [change], resolved);
  if (consent.kind === "to_be_asked")
    return {
      approval: await askForApproval(engine, session, { ...asked, steps, request: resolved.request }),
    };
  const by = { ...request, ...(reason && { reason }) };
  const purged = await session.transaction().execute(async (tx) => {
    const rows = await purgeParked(tx, change);
    await recordConsent(engine, tx, { consent, action: "purge", steps, by: request, operation: null });
    await appendToLedger(tx, ledgerEntry(engine, { action: "purge", steps, by }, rows));
    return rows;
  });
  if (consent.kind === "overridden") await raiseOverridesNow(engine);
  return purged;
};
