import { z } from "zod";
import { directionSchema, onConflictSchema } from "../change/change.ts";
import type { OperationRequest, Requester } from "../engine/request.ts";

/** A step in a path; the engine checks that it is registered. */
export const stepParams = z.object({
  step: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a step")
    .transform(Number),
});

export const operationParams = z.object({ id: z.string().max(64) });

const phrase = z.string().max(200);
const reason = z.string().max(2_000);

/** Reason and acknowledgement of a move or a purge. */
export const consent = {
  reason: reason.optional().describe("The reason; recorded in the ledger."),
  acknowledge: z
    .union([phrase, z.array(phrase).max(50)])
    .default([])
    .describe("The acknowledgement phrase of each critical step."),
};

const onConflict = {
  on_conflict: onConflictSchema
    .default("keep")
    .describe(
      "If a value was edited since the rollback: keep the edited one, restore the parked one, or fail.",
    ),
};

const until = z.iso.datetime({ offset: true });

/** The approval by a second person, or an override. */
const secondPerson = {
  approval: z
    .string()
    .max(64)
    .optional()
    .describe("The id of an approved request; exactly the approved move is executed."),
  override: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .optional()
    .describe("The reason to move without the required approval; raises a critical alert."),
};

/** The same for a dry run and the move: the body of a dry run can be sent again unchanged. */
const move = {
  ...consent,
  ...onConflict,
  ...secondPerson,
  until: until
    .optional()
    .describe("For a rollback: the time by which to re-apply the steps; a reminder is sent."),
  plan: z
    .string()
    .max(64)
    .optional()
    .describe("The hash of a dry run; the move is refused if its plan no longer holds."),
  cascade: z
    .boolean()
    .default(false)
    .describe("Also move dependents (rollback) or requirements (re-apply) of the steps."),
  execute: z
    .boolean()
    .default(false)
    .describe("Execute the dry run in an aborted transaction regardless of the number of rows."),
  measure: z.boolean().default(false).describe("Also time the hot queries in a dry run."),
};

const direction = directionSchema.default("rollback");

export const moveBody = z.strictObject(move);
export const dryRunBody = z.strictObject({ ...move, direction });
export const rangeBody = z.strictObject({
  ...move,
  direction,
  from: z.int().min(1).describe("One end; both are included, in either order."),
  to: z.int().min(1).describe("The other end."),
  dry_run: z.boolean().default(false),
});
export const resumeBody = z.strictObject({ reason: consent.reason, ...onConflict });
export const purgeBody = z.strictObject({ ...consent, ...secondPerson });
export const approveBody = z.strictObject({ reason: reason.min(1) });
export const withdrawBody = z.strictObject({ reason: consent.reason });
export const untilBody = z.strictObject({ until: until.nullable(), reason: consent.reason });
export const proveBody = z.strictObject({ from: z.int().min(1).optional(), to: z.int().min(1).optional() });

/** Makes a request for the engine from a body and its sender. */
export const requestOf = (asked: Partial<z.infer<typeof moveBody>>, by: Requester): OperationRequest => {
  const { reason: why, acknowledge = [], plan, cascade, on_conflict, approval, override } = asked;
  return {
    ...by,
    acknowledge: [acknowledge].flat(),
    ...(why !== undefined && { reason: why }),
    ...(plan !== undefined && { plan }),
    ...(cascade !== undefined && { cascade }),
    ...(on_conflict !== undefined && { onConflict: on_conflict }),
    ...(asked.until !== undefined && { until: new Date(asked.until) }),
    ...(approval !== undefined && { approval }),
    ...(override !== undefined && { override }),
  };
};
