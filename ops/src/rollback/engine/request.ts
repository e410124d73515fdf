import { z } from "zod";
import type { OnConflict } from "../change/change.ts";

/** Who asks, and from where. */
export interface Requester {
  /** A login or a system user. */
  requestedBy: string;
  /** From where: `cli <host>`, `http <address>`. */
  origin: string;
  /** What tells them from other people, where `requestedBy` does not: the id of a login. */
  person?: string;
}

/** How far a step has come that writes many rows. */
export const progressSchema = z.object({
  step: z.int(),
  rows_done: z.int(),
  /** By the planner's statistics. */
  rows_in_all: z.int(),
  rows_per_second: z.int(),
  seconds_left: z.int().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

/** Told after each step, and of long steps while they run. */
export type ProgressListener = (
  progress:
    | { kind: "step"; step: number; index: number; of: number; duration_ms: number }
    | ({ kind: "rows" } & Progress),
) => void;

/** What a rollback, a re-apply or a purge is asked with. */
export interface OperationRequest extends Requester {
  reason?: string;
  /** The phrases of the critical steps among them. */
  acknowledge?: readonly string[];
  /** The hash of the dry run whose promise must still hold. */
  plan?: string;
  /** Also move what depends on these steps (rollback) or what they need (re-apply). */
  cascade?: boolean;
  /** Who wins where a re-apply finds a value edited meanwhile; `keep`, the edited one, by default. */
  onConflict?: OnConflict;
  /** Of a rollback: by when its steps are to be re-applied. */
  until?: Date;
  /** The id of an approved request. What was approved is carried out, whatever else is asked with. */
  approval?: string;
  /** Why to move without the approval that is needed: recorded, and told to people at once. */
  override?: string;
  onProgress?: ProgressListener;
}
