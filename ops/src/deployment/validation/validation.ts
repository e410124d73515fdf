import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/message-of.ts";
import type { GateVerdict, Look } from "../release/stage.ts";
import type { PhaseLook, ValidationCheck, ValidationPhase } from "./check.ts";
import { CheckRunner } from "./check-runner.ts";
import { type CheckReport, type PhaseReport, readValidation, writeValidation } from "./report.ts";

export interface ValidationOptions {
  phases: readonly ValidationPhase[];
  /** Holds the report, across restarts. */
  file: string;
  clock: Clock;
  /** Between two looks. */
  everyMs: number;
  /** How long a look waits for a check. A slower one goes on, and a later look takes its result. */
  checkTimeoutMs?: number;
}

/**
 * The gate of the validation: looks at the checks of one phase after the other. A failed check reverts the release at
 * once; the command `accept` settles checks that are unknown, and stay so. It passes when all phases have ended. The watch
 * goes on from the report, whichever conductor began it.
 */
export const validation = ({ phases, file, clock, everyMs, checkTimeoutMs = 5_000 }: ValidationOptions) => {
  let lookedMs: number | undefined;
  const runner = new CheckRunner(checkTimeoutMs);

  return async (given: Look): Promise<GateVerdict> => {
    const nowMs = clock.monotonicMs();
    if (lookedMs !== undefined && nowMs - lookedMs < everyMs) return { verdict: "wait" };
    lookedMs = nowMs;
    const report = await readValidation(file);
    const ended = report.filter((each) => each.ended);
    const phase = phases[ended.length];
    if (!phase) return { verdict: "pass" };
    const before = report[ended.length];
    const look: PhaseLook = {
      // A release that was held and goes on enters its state anew; the switch stays where it was.
      since: new Date(report[0]?.began_at ?? given.since),
      phaseSince: new Date(before?.began_at ?? ended.at(-1)?.at ?? given.since),
      commands: given.commands,
      held: given.held ?? false,
      ...(given.signal && { signal: given.signal }),
    };
    const accepted = newAccept(look, report.at(-1)?.commands ?? 0);
    const current = await lookAt(phase, { look, before, accepted, now: clock.now(), runner });
    await writeValidation(file, [...ended, current]);
    const failed = current.checks.find(({ verdict }) => verdict === "FAIL");
    if (failed) return { verdict: "revert", reason: `${phase.name}: ${failed.name}: ${failed.evidence}` };
    return current.ended && phases.length === ended.length + 1 ? { verdict: "pass" } : { verdict: "wait" };
  };
};

interface Circumstances {
  look: PhaseLook;
  /** The report of the look before. */
  before: PhaseReport | undefined;
  /** An acceptance that came since. */
  accepted: CheckReport["accepted"];
  now: Date;
  runner: CheckRunner;
}

const lookAt = async (phase: ValidationPhase, circumstances: Circumstances): Promise<PhaseReport> => {
  const { look, now } = circumstances;
  const checks = await Promise.all(phase.checks.map((check) => resultOf(check, circumstances)));
  const isOver = now.getTime() - look.since.getTime() >= phase.endsAfterMs;
  const waits = (look.held === true || look.signal?.aborted === true) && phase.onEnd !== undefined;
  const ends = isOver && !waits && verdictOf(checks) === "SUCCESS";
  if (ends && phase.onEnd) checks.push(await endOf(phase.onEnd, now));
  const verdict = verdictOf(checks);
  return {
    phase: phase.name,
    verdict,
    checks,
    began_at: look.phaseSince.toISOString(),
    at: now.toISOString(),
    ended: ends && verdict === "SUCCESS",
    commands: look.commands.length,
  };
};

const verdictOf = (checks: readonly CheckReport[]): CheckReport["verdict"] =>
  (["FAIL", "UNKNOWN"] as const).find((worse) => checks.some(({ verdict }) => verdict === worse)) ??
  "SUCCESS";

/** The result of a check: that of the look before while it counts, otherwise a new one. */
const resultOf = async (check: ValidationCheck, circumstances: Circumstances): Promise<CheckReport> => {
  const { look, before, now, runner } = circumstances;
  const known = before?.checks.find(({ name }) => name === check.name);
  const accepted = known?.accepted ?? circumstances.accepted;
  if (known && !runner.isRunning(check)) {
    const counts = check.repeatAfterMs?.[known.accepted ? "UNKNOWN" : known.verdict] ?? 0;
    if (now.getTime() - Date.parse(known.at) < counts) return settled(known, accepted);
  }
  const result = await runner.run(check, look);
  return settled({ name: check.name, ...result, at: now.toISOString(), accepted: null }, accepted);
};

/** An acceptance is about what cannot be known when it comes, and about nothing later. */
const newAccept = ({ commands, phaseSince }: PhaseLook, known: number): CheckReport["accepted"] => {
  const found = commands
    .slice(known)
    .findLast(({ command, at }) => command === "accept" && new Date(at) >= phaseSince);
  return found ? { by: found.by, reason: found.reason, at: found.at } : null;
};

const settled = (check: CheckReport, accepted: CheckReport["accepted"]): CheckReport =>
  check.verdict === "UNKNOWN" && accepted
    ? {
        ...check,
        verdict: "SUCCESS",
        evidence: `${check.evidence} Accepted by ${accepted.by}: ${accepted.reason}`,
        accepted,
      }
    : check;

const endOf = async (onEnd: () => Promise<string>, now: Date): Promise<CheckReport> => {
  const end = { name: "end of the phase", at: now.toISOString(), accepted: null };
  try {
    return { ...end, verdict: "SUCCESS", evidence: await onEnd() };
  } catch (error) {
    return { ...end, verdict: "UNKNOWN", evidence: messageOf(error) };
  }
};
