export { type Bounds, confidenceSequence } from "./confidence-sequence.ts";
export { type JudgeEvent, observeEvent } from "./events.ts";
export { judge, type Verdict } from "./judge.ts";
export { observeTick } from "./observe.ts";
export type { ReleaseTick, Role } from "./release-tick.ts";
export {
  enterPhase,
  type JudgeState,
  judgeStateSchema,
  type Phase,
  standardPhases,
  startJudge,
} from "./state.ts";
