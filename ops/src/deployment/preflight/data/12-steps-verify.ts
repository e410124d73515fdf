import { defineCheck, go, noGo, unknown } from "../check.ts";
import { few } from "../words.ts";

export const stepsVerify = defineCheck({
  id: "steps-verify",
  number: 12,
  group: "data",
  name: "Checks of the steps",
  asks: "Every check of every step holds.",
  waivable: false,
  timeLimitMs: 120_000,
  run: async ({ steps }) => {
    if (!steps) return unknown("The steps were not checked.", "Start the database, then check again.");
    const results = await steps.verifySteps();
    const all = results.flatMap(({ step, checks }) => checks.map((check) => ({ step, ...check })));
    const failed = all
      .filter(({ ok }) => !ok)
      .map(({ step, name, detail }) => `step ${step}, ${name}: ${detail}`);
    return failed.length > 0
      ? noGo(
          `${failed.length} of ${all.length} checks fail: ${few(failed, 3)}.`,
          "Correct the data; the checks name the rows.",
        )
      : go(`${all.length} checks of ${results.length} steps hold.`);
  },
});
