import { type Kysely, sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import { type Change, releaseTimeOf } from "../../rollback/index.ts";
import type { Release } from "./release.ts";

const phraseMissing = defineFailure({
  code: "EB_ACKNOWLEDGEMENT_MISSING",
  status: 428,
  exitStatus: 6,
  detail: 'Reverting the release would roll back step {step}: acknowledge "{phrase}".',
  remedy: "Add --acknowledge with the phrase.",
});

/**
 * The steps that a release applies: those that were never applied, and those that only the new version knows and that an
 * earlier revert rolled back. A step that people rolled back, and that the running version knows, stays as it is.
 *
 * @throws Failure EB_ACKNOWLEDGEMENT_MISSING for a critical step without its phrase: a revert cannot ask anybody
 */
export const planSteps = async (
  db: Kysely<unknown>,
  {
    running,
    target,
    acknowledge,
  }: { running: readonly Change[]; target: readonly Change[]; acknowledge: readonly string[] },
): Promise<Release["steps"]> => {
  const { rows } = await sql<{
    step: number;
    state: string;
  }>`select step, state from earlybird.steps`.execute(db);
  const states = new Map(rows.map(({ step, state }) => [step, state]));
  const known = new Set(running.map(({ step }) => step));
  const missing = target
    .filter(({ step }) => states.get(step) !== "applied")
    .filter(({ step }) => states.get(step) !== "rolled_back" || !known.has(step))
    .toSorted((one, other) => one.step - other.step);
  for (const { step, acknowledge: phrase } of missing)
    if (phrase && !acknowledge.includes(phrase)) throw phraseMissing({ step, phrase });
  const at = (time: "before" | "after") =>
    missing.filter((change) => releaseTimeOf(change) === time).map(({ step }) => step);
  return { before: at("before"), after: at("after") };
};
