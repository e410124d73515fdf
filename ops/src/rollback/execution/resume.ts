import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Change, Database, StepState } from "../change/change.ts";
import { changesOf, type Engine } from "../engine/engine.ts";
import type { OperationRequest } from "../engine/request.ts";
import { readStates } from "../engine/states.ts";
import { entryFor, record } from "../operations/audited-run.ts";
import {
  continueOperation,
  directionOf,
  type OperationDetails,
  operationDetails,
} from "../operations/operation.ts";
import { carryOut, type OperationResult, refuseObstacles } from "./execute.ts";
import { outsideIsDone } from "./outside-transaction.ts";

const noOperation = defineFailure({
  code: "EB_NOTHING_TO_RESUME",
  status: 409,
  exitStatus: 4,
  detail: "There is no operation.",
  remedy: '"earlybird history" lists interrupted and failed operations.',
});

const nothingToResume = defineFailure({
  code: "EB_NOTHING_TO_RESUME",
  status: 409,
  exitStatus: 4,
  detail: "Operation {id} is {state}: there is nothing to resume or abort.",
  remedy: '"earlybird history" lists interrupted and failed operations.',
});

const operationOvertaken = defineFailure({
  code: "EB_OPERATION_OVERTAKEN",
  status: 409,
  exitStatus: 4,
  detail: "Operation {id} cannot be resumed, because operation {last} is newer.",
  remedy: '"earlybird status" shows the state of the steps; roll back or re-apply them from there.',
});

/**
 * Goes on with an operation that was interrupted or has failed, or takes back what it has moved; on the
 * session with the lock.
 *
 * @param id the last operation when undefined
 * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN, and those of a run
 */
export const takeUpOperation = async (
  engine: Engine,
  session: Database,
  { goal, id, request }: { goal: "resume" | "abort"; id: string | undefined; request: OperationRequest },
): Promise<OperationResult> => {
  const operation = await unfinishedOperation(session, id);
  const forward = directionOf(operation);
  const direction = goal === "resume" ? forward : forward === "rollback" ? "reapply" : "rollback";
  const target: StepState = direction === "rollback" ? "rolled_back" : "applied";
  const states = await readStates(session);
  const order = goal === "resume" ? operation.steps : [...operation.steps].reverse();
  const concerned = changesOf(engine, order);
  const moving: Change[] = [];
  for (const change of concerned) {
    // Also the step that was under way: what it does outside of its transaction is not done, or goes back.
    if (states.get(change.step) !== target || !(await outsideIsDone(session, { change, state: target })))
      moving.push(change);
  }
  await refuseObstacles(engine, session, moving);
  await continueOperation(session, operation.id);
  const { onConflict = "keep", onProgress } = request;
  const attempt = { action: goal, steps: moving.map(({ step }) => step), by: request };
  // Somebody else may take up what another began: this entry and those of the steps say who.
  const head = await record(session, entryFor(engine, attempt, "taken up", operation.id));
  return carryOut(engine, session, {
    operation,
    by: request,
    direction,
    moving,
    onConflict,
    onProgress,
    taken: { receipts: operation.receipts, head },
    // What was moved before the operation stopped has not been checked yet.
    checking: goal === "resume" ? concerned : moving,
    endsAs: goal === "resume" ? "completed" : "aborted",
  });
};

/** The last operation, where it was interrupted or has failed. */
const unfinishedOperation = async (db: Database, id?: string): Promise<OperationDetails> => {
  // Qualified: a bare `order by id` would mean the text, by which operation 9 comes after operation 10.
  const { rows } = await sql<{ id: string }>`
    select o.id::text from earlybird.operations o order by o.id desc limit 1`.execute(db);
  const last = rows[0]?.id;
  const details =
    id === undefined && last === undefined ? undefined : await operationDetails(db, id ?? last ?? "");
  if (
    !details ||
    (details.state !== "interrupted" && details.state !== "failed") ||
    details.kind === "apply"
  ) {
    throw details ? nothingToResume({ ...details }) : noOperation();
  }
  if (details.id !== last) throw operationOvertaken({ last: last ?? "", id: details.id });
  return details;
};
