import { z } from "zod";
import { smokeReportSchema } from "../journeys/index.ts";
import { checkResult } from "../preflight/index.ts";

/** One act of a rehearsal. */
export const rehearsedActSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  ms: z.number().nonnegative(),
  /** What was seen, or why it failed. */
  evidence: z.string(),
});
export type RehearsedAct = z.infer<typeof rehearsedActSchema>;

/** A release that was carried out and reverted on a restored backup. */
export const rehearsalReportSchema = z.object({
  ok: z.boolean(),
  at: z.iso.datetime(),
  release: z.string(),
  backup: z.string(),
  /** The time that the restored data is of. */
  data_of: z.iso.datetime(),
  acts: z.array(rehearsedActSchema),
  /** What the steps, applied and rolled back, left missing or different. */
  differences: z.array(z.string()),
  /** The old and the new version before the switch, and the new one after the last steps. */
  smoke: z.array(smokeReportSchema),
  /** Checks 15 and 25 of the preflight, on the copy with the steps applied. */
  checks: z.array(checkResult),
  /** How long the rollbacks of all steps took together; null if they did not all succeed. */
  revert_ms: z.number().nullable(),
  /** One sentence. */
  evidence: z.string(),
});
export type RehearsalReport = z.infer<typeof rehearsalReportSchema>;
