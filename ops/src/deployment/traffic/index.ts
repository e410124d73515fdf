export { CommandSwitch, type CommandSwitchOptions } from "./command-switch.ts";
export { type Division, DivisionFile } from "./division-file.ts";
export { slotEndsWithinMs } from "./drain.ts";
export { switchFailed } from "./failures.ts";
export { HaproxySwitch, type HaproxySwitchOptions } from "./haproxy-switch.ts";
export { clientsSlowerThan } from "./slower-than.ts";
export {
  allTo,
  type BucketCounts,
  fullWeight,
  type OpenWork,
  otherSlot,
  type Slot,
  type SlotTick,
  slots,
  type Tick,
  type TrafficSwitch,
  type Weights,
} from "./traffic-switch.ts";
