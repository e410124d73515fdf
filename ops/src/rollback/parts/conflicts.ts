import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { OnConflict } from "../change/change.ts";

/**
 * How a value ended that was written while its step was rolled back: it was `kept`, the parked one was
 * `restored` over it, it was `dangling` (it refers to nothing) and left out, or its row was `deleted`.
 */
export const conflictOutcomeSchema = z.enum(["kept", "restored", "dangling", "deleted"]);
export type ConflictOutcome = z.infer<typeof conflictOutcomeSchema>;

const conflictsFound = defineFailure({
  code: "EB_CONFLICTS",
  status: 409,
  exitStatus: 4,
  detail: "{count} values of {table} were edited while step {step} was rolled back; nothing was changed.",
  remedy: "Add --on-conflict keep or --on-conflict restore.",
});

/** @throws Failure EB_CONFLICTS when there are any and the request is to fail then */
export const refuseConflicts = (
  onConflict: OnConflict,
  { step, table, count }: { step: number; table: string; count: number },
): void => {
  if (onConflict === "fail" && count > 0) throw conflictsFound({ count, table, step }, { conflicts: count });
};
