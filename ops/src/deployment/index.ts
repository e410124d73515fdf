export { type FrontOptions, FrontSwitch, type RunningFront, startFront } from "./front/index.ts";
export type { Milestone } from "./history/milestones.ts";
export { milestoneId, ReleaseHistory, type ReleaseMove } from "./history/release-history.ts";
export type { ReleaseBrief, ReleaseDetails, ReleaseSummary } from "./history/release-view.ts";
export type { CheckResult, PreflightContext, PreflightReport, Waiver } from "./preflight/index.ts";
export { inheritSockets } from "./renewal.ts";
export { type ReleaseRoutesOptions, type Releases, releaseRoutes } from "./routes/index.ts";
export type {
  EmergencyReport,
  EmergencyRequest,
  PreflightRequest,
  ReleaseStarter,
  StartRequest,
} from "./routes/starter.ts";
export { type FrontRequest, runFront } from "./run-front.ts";
export {
  type Launch,
  type OccupiedSlot,
  occupySlot,
  readLaunch,
  readProcess,
  type SlotListening,
  type SlotProcess,
  stopProcess,
  writeLaunch,
} from "./slots/index.ts";
export {
  allTo,
  type BucketCounts,
  CommandSwitch,
  type CommandSwitchOptions,
  clientsSlowerThan,
  fullWeight,
  HaproxySwitch,
  type HaproxySwitchOptions,
  type OpenWork,
  otherSlot,
  type Slot,
  type SlotTick,
  slotEndsWithinMs,
  slots,
  type Tick,
  type TrafficSwitch,
  type Weights,
} from "./traffic/index.ts";

/** Loads the preflight, which only its command needs. */
export const loadPreflight = () => import("./preflight/index.ts");
