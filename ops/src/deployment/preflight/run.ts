import pLimit from "p-limit";
import { z } from "zod";
import { messageOf } from "../../core/message-of.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { type Check, type Finding, unknown } from "./check.ts";
import type { PreflightContext } from "./context.ts";
import { assertWaivers, checkUnknown, type Waiver } from "./waivers.ts";

const atOnce = 6;

/** The answer of one check. */
export const checkResult = z.object({
  number: z.int(),
  id: z.string(),
  group: z.enum(["system", "data", "performance", "security", "team"]),
  name: z.string(),
  verdict: z.enum(["go", "no_go", "unknown"]),
  evidence: z.string(),
  remedy: z.string().nullable(),
  valid_until: z.iso.datetime(),
  took_ms: z.number(),
  waived: z.object({ by: z.string(), reason: z.string() }).nullable(),
});
export type CheckResult = z.infer<typeof checkResult>;

/** The answer of the preflight: NO-GO before UNKNOWN before GO, without those that are waived. */
export const preflightReport = z.object({
  verdict: z.enum(["go", "no_go", "unknown"]),
  checked_at: z.iso.datetime(),
  /** The earliest end of an answer. */
  valid_until: z.iso.datetime(),
  counts: z.object({ go: z.int(), no_go: z.int(), unknown: z.int(), waived: z.int() }),
  checks: z.array(checkResult),
});
export type PreflightReport = z.infer<typeof preflightReport>;

export interface PreflightOptions {
  checks: readonly Check[];
  /** Numbers of the checks to run; default: all. */
  only?: readonly number[];
  waivers?: readonly Waiver[];
  /** Answers that were found elsewhere, such as on a copy; these checks do not run. */
  known?: readonly CheckResult[];
  onResult?: (result: CheckResult, done: number, total: number) => void;
}

/**
 * Runs the checks, several at a time. A check that throws or exceeds its time limit is unknown; the others go on.
 *
 * @throws Failure EB_CHECK_UNKNOWN, EB_CHECK_NOT_WAIVABLE, EB_REASON_MISSING
 */
export const runPreflight = async (
  context: PreflightContext,
  { checks, only, waivers = [], known = [], onResult }: PreflightOptions,
): Promise<PreflightReport> => {
  assertWaivers(checks, waivers);
  for (const number of only ?? [])
    if (!checks.some((check) => check.number === number)) throw checkUnknown({ number });
  const selected = checks.filter(({ number }) => only === undefined || only.includes(number));
  const limit = pLimit(atOnce);
  let done = 0;
  const results = await Promise.all(
    selected.map((check) =>
      limit(async () => {
        const answer =
          known.find(({ number }) => number === check.number) ?? (await runCheck(check, context));
        const result = { ...answer, waived: waiverOf(answer, waivers) };
        done += 1;
        onResult?.(result, done, selected.length);
        return result;
      }),
    ),
  );
  return reportOf(results, context.clock.now());
};

const runCheck = async (check: Check, context: PreflightContext): Promise<Omit<CheckResult, "waived">> => {
  const startMs = context.clock.monotonicMs();
  const finding = await withTimeout(check.timeLimitMs, check.run(context)).catch(
    (error: unknown): Finding =>
      unknown(
        `The check could not be completed: ${messageOf(error)}.`,
        "Correct the cause, then check again.",
      ),
  );
  return {
    number: check.number,
    id: check.id,
    group: check.group,
    name: check.name,
    verdict: finding.verdict,
    evidence: finding.evidence,
    remedy: finding.verdict === "go" ? null : finding.remedy,
    valid_until: new Date(context.clock.now().getTime() + check.validForMs).toISOString(),
    took_ms: Math.round(context.clock.monotonicMs() - startMs),
  };
};

const waiverOf = (
  { number, verdict }: Pick<CheckResult, "number" | "verdict">,
  waivers: readonly Waiver[],
): CheckResult["waived"] => {
  const waiver = waivers.find((each) => each.check === number);
  return waiver && verdict !== "go" ? { by: waiver.by, reason: waiver.reason } : null;
};

const reportOf = (checks: CheckResult[], now: Date): PreflightReport => {
  const count = (verdict: Finding["verdict"]) =>
    checks.filter((check) => check.verdict === verdict && check.waived === null).length;
  const counts = {
    go: count("go"),
    no_go: count("no_go"),
    unknown: count("unknown"),
    waived: checks.filter(({ waived }) => waived !== null).length,
  };
  return {
    verdict: counts.no_go > 0 ? "no_go" : counts.unknown > 0 ? "unknown" : "go",
    checked_at: now.toISOString(),
    valid_until: checks.map(({ valid_until }) => valid_until).sort()[0] ?? now.toISOString(),
    counts,
    checks,
  };
};
