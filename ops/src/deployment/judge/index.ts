export { type Bounds, confidenceSequence } from "./confidence-sequence.ts";
export { type JudgeEvent, observeEvent } from "./events.ts";
export { greatestDifference, judge, judgeHarm, type Verdict, verdictSchema } from "./judge.ts";
export { evidenceLimit, evidenceOf, observeTick, recentTally } from "./observe.ts";
export type { ReleaseTick, Role } from "./release-tick.ts";
export {
  enterPhase,
  findingSchema,
  type JudgeState,
  judgeStateSchema,
  type Phase,
  standardPhases,
  startJudge,
} from "./state.ts";
