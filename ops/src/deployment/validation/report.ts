import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../../core/atomic-file.ts";
import { phaseVerdictSchema } from "./check.ts";

const checkReportSchema = z.object({
  name: z.string(),
  verdict: phaseVerdictSchema,
  evidence: z.string(),
  /** When the check ran. */
  at: z.iso.datetime(),
  /** Who accepted that it cannot be known; null if nobody had to. */
  accepted: z.object({ by: z.string(), reason: z.string(), at: z.iso.datetime() }).nullable(),
});
export type CheckReport = z.infer<typeof checkReportSchema>;

const phaseReportSchema = z.object({
  phase: z.string(),
  verdict: phaseVerdictSchema,
  checks: z.array(checkReportSchema),
  began_at: z.iso.datetime(),
  /** Of the last look. */
  at: z.iso.datetime(),
  ended: z.boolean(),
  /** How many commands of people the look knew. */
  commands: z.int(),
});
export type PhaseReport = z.infer<typeof phaseReportSchema>;

export const validationReportSchema = z.array(phaseReportSchema);
/** What the phases found, in order; phases that have not begun are absent. */
export type ValidationReport = z.infer<typeof validationReportSchema>;

/** The report of a release; empty before the first look. */
export const readValidation = async (file: string): Promise<ValidationReport> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  return validationReportSchema.parse(JSON.parse(text));
};

export const writeValidation = (file: string, report: ValidationReport): Promise<void> =>
  replaceFile(file, `${file}.new`, JSON.stringify(report, null, 2));
