export { ClientCounter, type ClientId, type SlowThresholds } from "./client-counter.ts";
export { type Bounds, confidenceSequence } from "./confidence-sequence.ts";
export { type JudgeEvent, observeEvent } from "./events.ts";
export { judge, type Verdict } from "./judge.ts";
export { observeTick } from "./observe.ts";
export {
  type Baseline,
  enterPhase,
  type JudgeState,
  type Phase,
  slowThresholds,
  standardPhases,
  startJudge,
} from "./state.ts";
export { type Slot, type SlotCounts, type Tick, tickSchema } from "./tick.ts";
