export { type FrontOptions, FrontSwitch, type RunningFront, startFront } from "./front/index.ts";
export {
  allTo,
  type BucketCounts,
  clientsSlowerThan,
  fullWeight,
  type OpenWork,
  otherSlot,
  type Slot,
  type SlotTick,
  slots,
  type Tick,
  type TrafficSwitch,
  type Weights,
} from "./traffic/index.ts";
