import { z } from "zod";
import type { Look } from "../release/stage.ts";

export const phaseVerdictSchema = z.enum(["SUCCESS", "FAIL", "UNKNOWN"]);
export type PhaseVerdict = z.infer<typeof phaseVerdictSchema>;

/** One look of a check. `UNKNOWN` never ends a phase: it extends it, until a person accepts it. */
export interface CheckResult {
  verdict: PhaseVerdict;
  evidence: string;
}

/** What a check may look at. */
export interface PhaseLook extends Look {
  /** The switch, where the watch began; also after the release was held. */
  since: Date;
  /** When the phase began. */
  phaseSince: Date;
}

export interface ValidationCheck {
  name: string;
  run: (look: PhaseLook) => Promise<CheckResult>;
  /** How long a result counts before the check runs again; 0, with every look, if absent. */
  repeatAfterMs?: Partial<Record<PhaseVerdict, number>>;
}

/** A phase of the validation: it ends at its time if all of its checks succeed, and later otherwise. */
export interface ValidationPhase {
  name: string;
  /** Since the switch. */
  endsAfterMs: number;
  checks: readonly ValidationCheck[];
  /**
   * Called at the end, before the phase counts as ended: again after a crash or a failure, so it has to be idempotent. Not
   * while the release is held, which the phase then waits for.
   * Resolves with a sentence of evidence.
   */
  onEnd?: () => Promise<string>;
}

export const success = (evidence: string): CheckResult => ({ verdict: "SUCCESS", evidence });
export const fail = (evidence: string): CheckResult => ({ verdict: "FAIL", evidence });
export const unknown = (evidence: string): CheckResult => ({ verdict: "UNKNOWN", evidence });
