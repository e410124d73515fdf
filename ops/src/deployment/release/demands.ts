import { type Demand, standardDemands } from "./judge-gate.ts";
import { type Phase, phaseWeights } from "./state.ts";

/** The demands of the three phases with the times, in milliseconds, and the margins of the settings. */
export const demandsOf = ({
  phaseMs,
  deadlineMs,
  margins,
}: {
  phaseMs: readonly number[];
  deadlineMs: readonly number[];
  margins: readonly number[];
}): Readonly<Record<Phase, Demand>> => {
  const demand = (phase: Phase): Demand => {
    const at = Object.keys(phaseWeights).indexOf(phase);
    const standard = standardDemands[phase];
    return {
      delta: margins[at] ?? standard.delta,
      dwellMs: phaseMs[at] ?? standard.dwellMs,
      deadlineMs: deadlineMs[at] ?? standard.deadlineMs,
    };
  };
  return { phase_1: demand("phase_1"), phase_10: demand("phase_10"), phase_50: demand("phase_50") };
};
