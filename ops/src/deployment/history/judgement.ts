import { z } from "zod";
import { slowThresholds } from "../judge/index.ts";
import { slots } from "../traffic/index.ts";

const count = z.number().nonnegative();
const share = z.number().min(0).max(1);
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });

const roleSchema = z.object({
  slot: z.enum(slots),
  clients: count.describe("clients of this phase"),
  failed: count.describe("of these, clients with a failed request"),
  slow: percentiles.describe("of these, clients with a request slower than the limit"),
  failing: z.object({ lower: share, upper: share }).describe("bounds of the share of failing clients"),
});

/** What the judge of a release knows now. */
const judgementSchema = z.object({
  verdict: z.enum(["pass", "fail", "hold", "unknown"]),
  evidence: z.array(z.string()).describe("sentences with numbers, the deciding ones first"),
  roles: z
    .object({ blue: roleSchema, green: roleSchema })
    .describe("blue is the version in production, green is the new one, whichever slots they have"),
  baseline: z
    .object({
      requests: count,
      clients: count,
      failed_clients: count,
      p50_ms: count,
      p95_ms: count,
      p99_ms: count,
    })
    .nullable()
    .describe("the version in production in the hour before"),
});

/** A judgement with the limits in milliseconds above which a client counts as slow; null without a baseline. */
export const judgeViewSchema = judgementSchema.extend({ limits: percentiles.nullable() });
export type JudgeView = z.infer<typeof judgeViewSchema>;

/** @throws ZodError if the text is not that of a judgement */
export const readJudgement = (text: unknown): JudgeView => {
  const judgement = judgementSchema.parse(text);
  return { ...judgement, limits: judgement.baseline && slowThresholds(judgement.baseline) };
};
