import type { Clock } from "../../core/clock.ts";
import { acceptanceChecks } from "./acceptance.ts";
import { alertChecks } from "./alerts.ts";
import { aliveChecks } from "./alive.ts";
import type { ValidationPhase } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { performanceChecks } from "./performance.ts";
import { stabilityChecks } from "./stability.ts";
import { vitalChecks } from "./vital.ts";

/** The five phases of the validation after a switch. In all of them, the slot has to be well. */
export const validationPhases = (context: ValidationContext, clock: Clock): ValidationPhase[] => {
  const phases: Omit<ValidationPhase, "endsAfterMs">[] = [
    { name: "alive", checks: aliveChecks(context) },
    { name: "performance", checks: performanceChecks(context), onEnd: () => context.endPerformance() },
    { name: "alerts", checks: alertChecks(context) },
    { name: "acceptance", checks: acceptanceChecks(context) },
    { name: "stability", checks: stabilityChecks(context, clock) },
  ];
  const vital = vitalChecks(context);
  return phases.map(({ checks, ...phase }, at) => ({
    ...phase,
    endsAfterMs: context.validationMs[at] ?? Number.POSITIVE_INFINITY,
    checks: [...vital, ...checks],
  }));
};
