export { type FrontOptions, FrontSwitch, type RunningFront, startFront } from "./front/index.ts";
export type { CheckResult, PreflightContext, PreflightReport, Waiver } from "./preflight/index.ts";
export {
  type Artefact,
  type ArtefactEnvironment,
  type CommandName,
  commandRelease,
  type EmergencyReport,
  emergencyReportSchema,
  isOver,
  type JournalEntry,
  journalFile,
  listReleases,
  type Release,
  type ReleaseReport,
  type ReleaseState,
  readJournal,
  readRelease,
  reportMarkdown,
  reportOf,
} from "./release/index.ts";
export { inheritSockets } from "./renewal.ts";
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
  type Baseline,
  CommandSwitch,
  type CommandSwitchOptions,
  fullWeight,
  HaproxySwitch,
  type HaproxySwitchOptions,
  type OpenWork,
  otherSlot,
  type Slot,
  type SlotCounts,
  slotEndsWithinMs,
  slots,
  type Tick,
  type TrafficSwitch,
  type Weights,
} from "./traffic/index.ts";

/** Loads the preflight, which only its command needs. */
export const loadPreflight = () => import("./preflight/index.ts");

/** Loads what plans and conducts releases, which only their commands need. */
export const loadReleases = () => import("./release/conducting.ts");
