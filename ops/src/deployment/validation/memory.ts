import { bytes } from "../preflight/words.ts";
import { type CheckResult, fail, type PhaseLook, success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { growthText, type Trend, trendOf } from "./trend.ts";

/** Growth over the time that was watched. */
const tolerance = 0.2;

export interface MemoryOptions {
  from: (look: PhaseLook) => Date;
  /** A shorter time says nothing against a process. */
  fewestMs: number;
}

/** Whether the memory of the new version's process leaks. */
export const memoryCheck = (
  { memory }: Pick<ValidationContext, "memory">,
  { from, fewestMs }: MemoryOptions,
): ValidationCheck => ({
  name: "memory",
  repeatAfterMs: { SUCCESS: 60_000 },
  run: async (look) => verdictOf(trendOf(await memory(from(look)), { tolerance }), fewestMs),
});

const verdictOf = (found: Trend, fewestMs: number): CheckResult => {
  if (found.trend === "unknown")
    return unknown(`The memory has ${found.points} measurements: too few for a trend.`);
  const evidence = `The memory, about ${bytes(found.median)}, changed by ${growthText(found)}; ${tolerance * 100} % are accepted.`;
  if (found.trend === "steady") return success(evidence);
  return found.trend === "rising" && found.spanMs >= fewestMs
    ? fail(`${evidence} It keeps rising.`)
    : unknown(`${evidence} It may only be warming up.`);
};
