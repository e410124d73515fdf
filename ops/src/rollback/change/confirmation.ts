import { defineFailure } from "../../core/failure.ts";
import type { Change } from "./change.ts";

const reasonMissing = defineFailure({
  code: "EB_REASON_MISSING",
  status: 428,
  exitStatus: 6,
  detail: "{what} needs a reason.",
  remedy: 'Add --reason "...".',
});

const acknowledgementMissing = defineFailure({
  code: "EB_ACKNOWLEDGEMENT_MISSING",
  status: 428,
  exitStatus: 6,
  detail: "The rollback of step {step} is critical and must be acknowledged.",
  remedy: 'Read the dry run, then add --acknowledge "{phrase}".',
});

const acknowledgementWrong = defineFailure({
  code: "EB_ACKNOWLEDGEMENT_WRONG",
  status: 428,
  exitStatus: 6,
  detail: "The rollback of step {step} is critical, and no acknowledgement matches its phrase.",
  remedy: 'Read the dry run, then add --acknowledge "{phrase}".',
});

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
    throw reasonMissing({ what: `Rolling back ${risky.map(({ step }) => step).join(", ")}` });
  for (const { step, acknowledge: phrase } of changes) {
    if (phrase && !acknowledge.includes(phrase)) {
      const refused = acknowledge.length === 0 ? acknowledgementMissing : acknowledgementWrong;
      throw refused({ step, phrase }, { acknowledge: phrase });
    }
  }
};

/** @throws Failure EB_REASON_MISSING */
export const requireReason = (reason: string | null | undefined, what: string): void => {
  if (!reason?.trim()) throw reasonMissing({ what });
};
