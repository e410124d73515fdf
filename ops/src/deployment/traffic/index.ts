export { type Baseline, baselineSchema, type SlowThresholds, slowThresholds } from "./baseline.ts";
export { ClientCounter, type Outcome } from "./client-counter.ts";
export { CommandSwitch, type CommandSwitchOptions } from "./command-switch.ts";
export { type LatencyMetric, latencyMetrics, type SlotCounts, slotCountsSchema } from "./counts.ts";
export { type Division, DivisionFile } from "./division-file.ts";
export { slotEndsWithinMs } from "./drain.ts";
export { switchFailed } from "./failures.ts";
export { HaproxySwitch, type HaproxySwitchOptions } from "./haproxy-switch.ts";
export {
  allTo,
  fullWeight,
  type OpenWork,
  otherSlot,
  type Slot,
  slots,
  type Tick,
  type TrafficSwitch,
  type Weights,
} from "./traffic-switch.ts";
