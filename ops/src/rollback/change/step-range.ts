import { Failure } from "../../core/failure.ts";

const malformedRange = (text: string) =>
  new Failure(
    "EB_RANGE_MALFORMED",
    400,
    `"${text}" is neither a step nor a range of steps.`,
    "Write one step, as in 23, or both ends of a range, as in 20..25.",
  ).exitingWith(2);

export const stepUnknown = (step: number, known: readonly number[]) =>
  new Failure(
    "EB_STEP_UNKNOWN",
    404,
    `There is no step ${step}.`,
    known.length > 0
      ? `The steps are ${known.join(", ")}; "earlybird status" lists them.`
      : "No change is registered; check the configuration.",
  ).exitingWith(2);

/** The requested steps: the registered ones between two ends, both included, lowest first. */
export interface StepSelection {
  steps: number[];
  /** Whether it was written as a range. */
  range: boolean;
}

/**
 * Reads `"23"`, `"20..25"` or `"25..20"`.
 *
 * @throws Failure EB_RANGE_MALFORMED, EB_STEP_UNKNOWN (also for an end of a range that is no step)
 */
export const parseSteps = (text: string, known: readonly number[]): StepSelection => {
  const match = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text.trim());
  if (!match) throw malformedRange(text);
  return selectSteps(Number(match[1]), Number(match[2] ?? match[1]), known, match[2] !== undefined);
};

/** The same from two numbers. */
export const selectSteps = (
  from: number,
  to: number,
  known: readonly number[],
  range = true,
): StepSelection => {
  for (const end of [from, to]) if (!known.includes(end)) throw stepUnknown(end, known);
  const [low, high] = from <= to ? [from, to] : [to, from];
  return { steps: known.filter((step) => step >= low && step <= high), range };
};
