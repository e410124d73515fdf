import { defineFailure } from "../../core/failure.ts";
import type { Check } from "./check.ts";

/** A person's decision to release although a check is not GO. It holds as long as the answer that it waives. */
export interface Waiver {
  check: number;
  by: string;
  reason: string;
}

export const checkUnknown = defineFailure({
  code: "EB_CHECK_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no check {number}.",
  remedy: "Use a number from 1 to 38; docs/reference/preflight.md lists the checks.",
});

const checkNotWaivable = defineFailure({
  code: "EB_CHECK_NOT_WAIVABLE",
  status: 409,
  exitStatus: 4,
  detail: "Check {number}, {name}, cannot be waived.",
  remedy: "Correct what it finds: a release without it risks data.",
});

const waiverWithoutReason = defineFailure({
  code: "EB_REASON_MISSING",
  status: 428,
  exitStatus: 6,
  detail: "A waiver needs a reason.",
  remedy: "Pass --reason TEXT.",
});

/** @throws Failure EB_CHECK_UNKNOWN, EB_CHECK_NOT_WAIVABLE, EB_REASON_MISSING */
export const assertWaivers = (checks: readonly Check[], waivers: readonly Waiver[]): void => {
  for (const { check: number, reason } of waivers) {
    const check = checks.find((each) => each.number === number);
    if (!check) throw checkUnknown({ number });
    if (!check.waivable) throw checkNotWaivable({ number, name: check.name });
    if (reason.trim() === "") throw waiverWithoutReason();
  }
};
