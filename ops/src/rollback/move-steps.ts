import { askForApproval, consentTo, recordConsent, resolveRequest } from "./approvals/consent.ts";
import { raiseOverridesNow } from "./approvals/override.ts";
import type { Database, Direction } from "./change/change.ts";
import { requireAcknowledgement } from "./change/confirmation.ts";
import type { StepSelection } from "./change/step-range.ts";
import { changesToMove, type Engine } from "./engine/engine.ts";
import type { OperationRequest } from "./engine/request.ts";
import { executeOperation, type OperationResult, refuseObstacles } from "./execution/execute.ts";
import { requireUntil } from "./expiry/until.ts";
import { beginOperation } from "./operations/operation.ts";
import { verifyPlan } from "./preview/verify-plan.ts";

const nothingMoved = { operation: null, steps: [], total_ms: 0, ledger_head: null };

/**
 * Moves a selection of steps once everything that the move requires is given; otherwise requests the approval that is
 * missing. `session` holds the operation lock.
 */
export const moveSteps = async (
  engine: Engine,
  session: Database,
  move: { direction: Direction; selection: StepSelection; request: OperationRequest },
): Promise<OperationResult> => {
  const { direction, selection, request } = move;
  const asked = { action: direction, selected: selection.steps };
  const resolved = await resolveRequest(engine, session, { ...asked, request });
  const { reason = null, acknowledge = [], cascade = false, onConflict = "keep" } = resolved.request;
  const { plan, until, onProgress } = resolved.request;
  const moving = await changesToMove(engine, session, { direction, selection, cascade });
  if (moving.length === 0) return nothingMoved;
  requireUntil(until, direction, engine.clock.now());
  if (direction === "rollback") requireAcknowledgement(moving, { reason, acknowledge });
  const consent = consentTo(engine, moving, resolved);
  await refuseObstacles(engine, session, moving);
  const context = { direction, moving, onConflict };
  const promised = plan === undefined ? undefined : await verifyPlan(engine, session, { ...context, plan });
  const steps = moving.map(({ step }) => step);
  if (consent.kind === "to_be_asked") {
    const approval = await askForApproval(engine, session, { ...asked, steps, request: resolved.request });
    return { ...nothingMoved, approval };
  }
  const begun = { kind: direction, steps, ...resolved.request, at: engine.clock.now() };
  const operation = await session.transaction().execute(async (tx) => {
    const began = await beginOperation(tx, begun);
    const recorded = { consent, action: direction, steps, by: request, operation: began.id };
    await recordConsent(engine, tx, recorded);
    return began;
  });
  request.onBegin?.(operation.id);
  if (consent.kind === "overridden") await raiseOverridesNow(engine);
  const execution = { ...context, operation, by: resolved.request, promised, onProgress };
  return executeOperation(engine, session, { ...execution, checking: moving, endsAs: "completed" });
};
