import { z } from "zod";

/** The result of one journey. */
export const journeyResultSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  ms: z.number().nonnegative(),
  /** What was seen, or why it failed. */
  evidence: z.string(),
});
export type JourneyResult = z.infer<typeof journeyResultSchema>;

/** The smoke test of a version; `earlybird smoke --json` prints it. */
export const smokeReportSchema = z.object({
  ok: z.boolean(),
  version: z.string(),
  journeys: z.array(journeyResultSchema),
});
export type SmokeReport = z.infer<typeof smokeReportSchema>;

/** One sentence about a report: the failed journeys, or how many there are. */
export const smokeEvidence = ({ ok, version, journeys }: SmokeReport): string => {
  if (ok) return `version ${version}: ${journeys.length} journeys succeed`;
  const failed = journeys.filter((journey) => !journey.ok);
  return `version ${version}: ${failed.map(({ name, evidence }) => `${name}: ${evidence}`).join("; ")}`;
};
