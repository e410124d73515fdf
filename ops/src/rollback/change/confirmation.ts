import { Failure } from "../../core/failure.ts";
import type { Change } from "./change.ts";

const reasonMissing = (what: string) =>
  new Failure(
    "EB_REASON_MISSING",
    428,
    `${what} needs a reason.`,
    'Say why with --reason "...".',
  ).exitingWith(6);

const acknowledgementMissing = (step: number, phrase: string, given: readonly string[]) =>
  new Failure(
    given.length === 0 ? "EB_ACKNOWLEDGEMENT_MISSING" : "EB_ACKNOWLEDGEMENT_WRONG",
    428,
    given.length === 0
      ? `Rolling back step ${step} is critical and must be acknowledged.`
      : `Rolling back step ${step} is critical, and none of the phrases given is the one for it.`,
    `Read the dry run, then add --acknowledge "${phrase}".`,
    { acknowledge: phrase },
  ).exitingWith(6);

/**
 * Requires a reason for risk `high` and `critical`, and also the acknowledgement phrase for `critical`.
 *
 * @throws Failure EB_REASON_MISSING, EB_ACKNOWLEDGEMENT_MISSING, EB_ACKNOWLEDGEMENT_WRONG
 */
export const requireAcknowledgement = (
  changes: readonly Change[],
  { reason, acknowledge }: { reason: string | null; acknowledge: readonly string[] },
): void => {
  const risky = changes.filter(({ risk }) => risk === "high" || risk === "critical");
  if (risky.length > 0 && !reason?.trim())
    throw reasonMissing(`Rolling back ${risky.map(({ step }) => step).join(", ")}`);
  for (const { step, acknowledge: phrase } of changes) {
    if (phrase && !acknowledge.includes(phrase)) throw acknowledgementMissing(step, phrase, acknowledge);
  }
};

/** @throws Failure EB_REASON_MISSING */
export const requireReason = (reason: string | null | undefined, what: string): void => {
  if (!reason?.trim()) throw reasonMissing(what);
};
