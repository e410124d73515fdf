import { defineCheck, demand, go, unknown } from "../check.ts";

export const requiredSteps = defineCheck({
  id: "required-steps",
  number: 31,
  group: "security",
  name: "Steps that protect",
  asks: "The steps that the service requires are applied, such as the one that authenticates requests.",
  run: async ({ steps, requiredSteps = [] }) => {
    if (requiredSteps.length === 0) return go("The service requires no step.");
    if (!steps)
      return unknown("The states of the steps were not read.", "Start the database, then check again.");
    const states = (await steps.getStatus()).steps;
    const missing = requiredSteps.filter(
      (step) => !states.some((each) => each.step === step && each.state === "applied"),
    );
    return demand(
      missing.length === 0,
      missing.length > 0
        ? `Not applied: step ${missing.join(", ")}.`
        : `Applied: step ${requiredSteps.join(", ")}.`,
      `Re-apply: earlybird reapply ${missing[0]}`,
    );
  },
});
