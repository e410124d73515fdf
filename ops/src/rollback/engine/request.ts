import { z } from "zod";
import type { OnConflict } from "../change/change.ts";

/** The person who makes a request, and its origin. */
export interface Requester {
  /** A login or a system user. */
  requestedBy: string;
  /** `cli <host>` or `http <address>`. */
  origin: string;
  /** A unique id of the person, such as that of a login, if `requestedBy` is not unique. */
  person?: string;
}

/** The progress of a step that writes many rows. */
export const progressSchema = z.object({
  step: z.int(),
  rows_done: z.int(),
  /** From planner statistics. */
  rows_in_all: z.int(),
  rows_per_second: z.int(),
  seconds_left: z.int().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

/** Called after each step, and during long steps. */
export type ProgressListener = (
  progress:
    | { kind: "step"; step: number; index: number; of: number; duration_ms: number }
    | ({ kind: "rows" } & Progress),
) => void;

/** The request of a rollback, a re-apply or a purge. */
export interface OperationRequest extends Requester {
  reason?: string;
  /** The acknowledgement phrases of the critical steps. */
  acknowledge?: readonly string[];
  /** The hash of the dry run whose plan must still hold. */
  plan?: string;
  /** Also move dependents (rollback) or requirements (re-apply) of the steps. */
  cascade?: boolean;
  /** Resolves values edited since the rollback; `keep`, the edited value, by default. */
  onConflict?: OnConflict;
  /** For a rollback: the time by which its steps are to be re-applied. */
  until?: Date;
  /** The id of an approved request; exactly the approved move is executed. */
  approval?: string;
  /** The reason to move without the required approval: recorded, and alerted at once. */
  override?: string;
  onProgress?: ProgressListener;
  /** Called with the id of the operation once it has begun; refusals come before. */
  onBegin?: (operation: string) => void;
}
