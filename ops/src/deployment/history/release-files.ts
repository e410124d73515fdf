import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { preflightReport } from "../preflight/run.ts";
import { validationReportSchema } from "../validation/report.ts";
import { judgeViewSchema, readJudgeView } from "./judgement.ts";

/** The outcome of a rehearsal, as far as people and routes need it. */
const rehearsalSchema = z.looseObject({
  ok: z.boolean(),
  evidence: z.string(),
  revert_ms: z.number().nullable().describe("how long it took to roll the steps back on the copy"),
});

/** What the parts of a release have found, each in a file beside the journal. Null: the part has not run yet. */
export const releaseFilesSchema = z.object({
  preflight: preflightReport.nullable(),
  rehearsal: rehearsalSchema.nullable(),
  validation: validationReportSchema.nullable(),
  judge: judgeViewSchema.nullable(),
  unreadable: z.array(z.string()).describe("names of files that exist, but cannot be read"),
});
export type ReleaseFiles = z.infer<typeof releaseFilesSchema>;

/** The names of the files, for those that watch them. */
export const releaseFileNames = [
  "journal.jsonl",
  "preflight.json",
  "rehearsal.json",
  "validation.json",
  "judge.json",
] as const;

/** Reads the files of a release. A file that cannot be read hides no other. */
export const readReleaseFiles = async (directory: string, clock: Clock): Promise<ReleaseFiles> => {
  const unreadable: string[] = [];
  const read = async <T>(name: string, parse: (content: unknown) => T): Promise<T | null> => {
    try {
      return parse(JSON.parse(await readFile(join(directory, name), "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") unreadable.push(name);
      return null;
    }
  };
  const [preflight, rehearsal, validation, judge] = await Promise.all([
    read("preflight.json", preflightReport.parse),
    read("rehearsal.json", rehearsalSchema.parse),
    read("validation.json", validationReportSchema.parse),
    readJudgeView(directory, clock),
  ]);
  return { preflight, rehearsal, validation, judge, unreadable: unreadable.toSorted() };
};
