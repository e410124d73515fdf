import type { PreflightContext } from "./context.ts";

export type CheckGroup = "system" | "data" | "performance" | "security" | "team";

/** The answer of a check. `unknown` is never as good as `go`: it needs a remedy or a waiver. */
export type Finding =
  | { verdict: "go"; evidence: string }
  | { verdict: "no_go" | "unknown"; evidence: string; remedy: string };

/** A check before a release. */
export interface Check {
  /** Stable, in kebab-case. */
  id: string;
  number: number;
  group: CheckGroup;
  name: string;
  /** The condition for GO, as a sentence. */
  asks: string;
  /** False: a release without it risks data, so nobody can waive it. */
  waivable: boolean;
  timeLimitMs: number;
  /** For how long an answer holds. */
  validForMs: number;
  run(context: PreflightContext): Promise<Finding>;
}

type Declared = Omit<Check, "waivable" | "timeLimitMs" | "validForMs"> &
  Partial<Pick<Check, "waivable" | "timeLimitMs" | "validForMs">>;

const minute = 60_000;

/** Declares a check that may be waived, takes ten seconds at most, and whose answer holds for 15 minutes. */
export const defineCheck = (check: Declared): Check => ({
  waivable: true,
  timeLimitMs: 10_000,
  validForMs: 15 * minute,
  ...check,
});

export const go = (evidence: string): Finding => ({ verdict: "go", evidence });
export const noGo = (evidence: string, remedy: string): Finding => ({ verdict: "no_go", evidence, remedy });
export const unknown = (evidence: string, remedy: string): Finding => ({
  verdict: "unknown",
  evidence,
  remedy,
});

/** GO, or NO-GO with a remedy. */
export const demand = (holds: boolean, evidence: string, remedy: string): Finding =>
  holds ? go(evidence) : noGo(evidence, remedy);
