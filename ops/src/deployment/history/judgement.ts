import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { judgementSchema, readJudgement } from "../release/judgement.ts";
import { slowThresholds } from "../traffic/index.ts";

const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });

/** A judgement with the limits in milliseconds above which a client counts as slow; null without a baseline. */
export const judgeViewSchema = judgementSchema.extend({ limits: percentiles.nullable() });
export type JudgeView = z.infer<typeof judgeViewSchema>;

/** @returns null if nothing was judged yet */
export const readJudgeView = async (directory: string, clock: Clock): Promise<JudgeView | null> => {
  const judgement = await readJudgement(directory, clock);
  return judgement && { ...judgement, limits: judgement.baseline && slowThresholds(judgement.baseline) };
};
