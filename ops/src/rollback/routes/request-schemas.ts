import { z } from "zod";
import { directionSchema, onConflictSchema } from "../change/change.ts";
import type { OperationRequest, Requester } from "../engine/request.ts";

/** A step in a path. Which steps there are, the engine says. */
export const stepParams = z.object({
  step: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a step")
    .transform(Number),
});

export const operationParams = z.object({ id: z.string().max(64) });

const phrase = z.string().max(200);
const reason = z.string().max(2_000);

/** What a person says to a purge, a resume or an abort. */
export const consent = {
  reason: reason.optional().describe("Why; kept in the ledger."),
  acknowledge: z
    .union([phrase, z.array(phrase).max(50)])
    .default([])
    .describe("The phrase of the step, or those of the steps."),
};

const onConflict = {
  on_conflict: onConflictSchema
    .default("keep")
    .describe(
      "Which value stands where a re-apply finds one edited meanwhile: the edited one, the parked one, or neither.",
    ),
};

const until = z.iso.datetime({ offset: true });

/** What a move says about a second person. */
const secondPerson = {
  approval: z
    .string()
    .max(64)
    .optional()
    .describe("The id of an approved request: exactly what was approved is carried out."),
  override: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .optional()
    .describe("Why to move without the approval that is needed; raises a critical alert."),
};

/** The same for a dry run and for the run: what was rehearsed can be sent again as it is. */
const move = {
  ...consent,
  ...onConflict,
  ...secondPerson,
  until: until
    .optional()
    .describe("Of a rollback: by when the steps are to be re-applied; people are reminded."),
  plan: z
    .string()
    .max(64)
    .optional()
    .describe("Refuse to run unless the dry run with this hash still holds."),
  cascade: z.boolean().default(false).describe("Also move what depends on the steps, or what they need."),
  execute: z
    .boolean()
    .default(false)
    .describe("Carry a dry run out, and write it off, however many rows it writes."),
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

/** A request for the engine, from a body and whoever sent it. */
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
