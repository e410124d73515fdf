import { defineFailure } from "../../core/failure.ts";

const malformedRange = defineFailure({
  code: "EB_RANGE_MALFORMED",
  status: 400,
  exitStatus: 2,
  detail: '"{text}" is neither a step nor a range of steps.',
  remedy: "Write one step, as in 23, or both ends of a range, as in 20..25.",
});

const noChanges = defineFailure({
  code: "EB_STEP_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no step {step}.",
  remedy: "No change is registered; check the configuration.",
});

const unknownStep = defineFailure({
  code: "EB_STEP_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no step {step}.",
  remedy: 'The steps are {known}; "earlybird status" lists them.',
});

export const stepUnknown = (step: number, known: readonly number[]) =>
  known.length > 0 ? unknownStep({ step, known: known.join(", ") }) : noChanges({ step });

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
  if (!match) throw malformedRange({ text });
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
