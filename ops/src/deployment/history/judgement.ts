import { z } from "zod";

const count = z.int().nonnegative();

const roleSchema = z.object({
  clients: count,
  failed: count.describe("clients with a failed request"),
  slow: z
    .object({ p50: count, p95: count, p99: count })
    .nullable()
    .describe("clients with a request slower than the limit; null while latencies are not compared"),
});

/** What the judge of a release knows, for people: both versions side by side, and its verdict. */
export const judgementSchema = z.object({
  verdict: z.enum(["pass", "fail", "hold", "unknown"]),
  evidence: z.array(z.string()).describe("sentences with numbers, the deciding ones first"),
  blue: roleSchema.describe("the version in production, whichever slot it has"),
  green: roleSchema.describe("the new version"),
  limits: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number() })
    .nullable()
    .describe("milliseconds above which a client counts as slow; null without a baseline"),
});
export type Judgement = z.infer<typeof judgementSchema>;
