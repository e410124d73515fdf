export { slotEndsWithinMs } from "./drain.ts";
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
