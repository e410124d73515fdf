import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Change, Database } from "../change/change.ts";
import { changesOf, type Engine } from "../engine/engine.ts";
import type { OperationRequest } from "../engine/request.ts";
import { readStates } from "../engine/states.ts";
import { stateAfter } from "../operations/actions.ts";
import { ledgerEntry, record } from "../operations/audited-run.ts";
import {
  continueOperation,
  directionOf,
  type OperationDetails,
  operationDetails,
} from "../operations/operation.ts";
import { type Goal, refusalOf } from "../operations/unfinished.ts";
import { executeOperation, type OperationResult, refuseObstacles } from "./execute.ts";
import { outsideIsDone } from "./outside-transaction.ts";

const noOperation = defineFailure({
  code: "EB_NOTHING_TO_RESUME",
  status: 409,
  exitStatus: 4,
  detail: "There is no operation.",
  remedy: '"earlybird history" lists interrupted and failed operations.',
});

/**
 * Resumes an interrupted or failed operation, or reverts the steps it has moved. `session` holds the operation lock.
 *
 * @param id the last operation when undefined
 * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN, and those of an operation
 */
export const resumeOrAbort = async (
  engine: Engine,
  session: Database,
  { goal, id, request }: { goal: Goal; id: string | undefined; request: OperationRequest },
): Promise<OperationResult> => {
  const operation = await unfinishedOperation(session, goal, id);
  const forward = directionOf(operation);
  const direction = goal === "resume" ? forward : forward === "rollback" ? "reapply" : "rollback";
  const target = stateAfter[direction];
  const states = await readStates(session);
  const order = goal === "resume" ? operation.steps : [...operation.steps].reverse();
  const concerned = changesOf(engine, order);
  const moving: Change[] = [];
  for (const change of concerned) {
    // Includes a step whose work outside its transaction is incomplete: it is completed or reverted.
    if (states.get(change.step) !== target || !(await outsideIsDone(session, { change, state: target })))
      moving.push(change);
  }
  await refuseObstacles(engine, session, moving);
  await continueOperation(session, operation.id);
  request.onBegin?.(operation.id);
  const { onConflict = "keep", onProgress } = request;
  const attempt = { action: goal, steps: moving.map(({ step }) => step), by: request };
  // A different person may resume an operation: this entry and those of the steps record who.
  const head = await record(session, ledgerEntry(engine, attempt, "taken up", operation.id));
  return executeOperation(engine, session, {
    operation,
    by: request,
    direction,
    moving,
    onConflict,
    onProgress,
    earlier: { reports: operation.receipts, head },
    // The steps that moved before the interruption are not checked yet.
    checking: goal === "resume" ? concerned : moving,
    endsAs: goal === "resume" ? "completed" : "aborted",
  });
};

/** The operation to resume or abort: the last one, if it was interrupted or failed. */
const unfinishedOperation = async (db: Database, goal: Goal, id?: string): Promise<OperationDetails> => {
  // Qualified: a bare `order by id` sorts by the text of the output column, which puts 9 after 10.
  const { rows } = await sql<{ id: string }>`
    select o.id::text from earlybird.operations o order by o.id desc limit 1`.execute(db);
  const last = rows[0]?.id;
  const details =
    id === undefined && last === undefined ? undefined : await operationDetails(db, id ?? last ?? "");
  if (!details) throw noOperation();
  const refusal = refusalOf(goal, details, last ?? "");
  if (refusal) throw refusal;
  return details;
};
