import { z } from "zod";

const entrySchema = z.object({
  /** Milliseconds since the command. */
  ms: z.number(),
  what: z.string(),
  ok: z.boolean(),
  evidence: z.string(),
});

export const emergencyReportSchema = z.object({
  release: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
  /** `verified`: traffic and steps are back, and the smoke suite succeeds. */
  outcome: z.enum(["verified", "unverified", "goes_on"]),
  timeline: z.array(entrySchema),
});
export type EmergencyReport = z.infer<typeof emergencyReportSchema>;
