import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../../core/atomic-file.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/message-of.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import type { GateVerdict, Look } from "../release/stage.ts";

export const phaseVerdictSchema = z.enum(["SUCCESS", "FAIL", "UNKNOWN"]);

/** One look of a check. `UNKNOWN` never ends a phase: it extends it. */
export interface CheckResult {
  verdict: z.infer<typeof phaseVerdictSchema>;
  evidence: string;
}

export interface ValidationCheck {
  name: string;
  run: () => Promise<CheckResult>;
}

/** A phase of the validation: it ends at its time if all of its checks succeed, and later otherwise. */
export interface ValidationPhase {
  name: string;
  /** Since the switch. */
  endsAfterMs: number;
  checks: readonly ValidationCheck[];
}

const phaseReportSchema = z.object({
  phase: z.string(),
  verdict: phaseVerdictSchema,
  checks: z.array(z.object({ name: z.string(), verdict: phaseVerdictSchema, evidence: z.string() })),
  /** Of the last look. */
  at: z.iso.datetime(),
  ended: z.boolean(),
});
export const validationReportSchema = z.array(phaseReportSchema);
/** What the phases found, in order; phases that have not begun are absent. */
export type ValidationReport = z.infer<typeof validationReportSchema>;

export const readValidation = async (file: string): Promise<ValidationReport> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  return validationReportSchema.parse(JSON.parse(text));
};

export interface ValidationOptions {
  phases: readonly ValidationPhase[];
  /** Holds the report, across restarts. */
  file: string;
  clock: Clock;
  /** Between two looks. */
  everyMs: number;
  checkTimeoutMs?: number;
}

/**
 * The gate of the validation: looks at the checks of one phase after the other. A failed check reverts the release at
 * once. It passes when all phases have ended.
 */
export const validation = ({ phases, file, clock, everyMs, checkTimeoutMs = 10_000 }: ValidationOptions) => {
  let lookedMs: number | undefined;
  return async ({ since }: Pick<Look, "since">): Promise<GateVerdict> => {
    const nowMs = clock.monotonicMs();
    if (lookedMs !== undefined && nowMs - lookedMs < everyMs) return { verdict: "wait" };
    lookedMs = nowMs;
    const report = await readValidation(file);
    const ended = report.filter((phase) => phase.ended);
    const phase = phases[ended.length];
    if (!phase) return { verdict: "pass" };
    const checks = await Promise.all(phase.checks.map((check) => look(check, checkTimeoutMs)));
    const failed = checks.find(({ verdict }) => verdict === "FAIL");
    const isKnown = checks.every(({ verdict }) => verdict === "SUCCESS");
    const isOver = clock.now().getTime() - since.getTime() >= phase.endsAfterMs;
    const current = {
      phase: phase.name,
      verdict: failed ? ("FAIL" as const) : isKnown ? ("SUCCESS" as const) : ("UNKNOWN" as const),
      checks,
      at: clock.now().toISOString(),
      ended: isKnown && isOver,
    };
    await replaceFile(file, `${file}.new`, JSON.stringify([...ended, current], null, 2));
    if (failed) return { verdict: "revert", reason: `${phase.name}: ${failed.name}: ${failed.evidence}` };
    return current.ended && phases.length === ended.length + 1 ? { verdict: "pass" } : { verdict: "wait" };
  };
};

/** A check that fails to run knows nothing. */
const look = async ({ name, run }: ValidationCheck, timeoutMs: number) => {
  const result = await withTimeout(timeoutMs, run()).catch(
    (error: unknown): CheckResult => ({ verdict: "UNKNOWN", evidence: messageOf(error) }),
  );
  return { name, ...result };
};
