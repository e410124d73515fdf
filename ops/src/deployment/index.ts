export { type FrontOptions, FrontSwitch, type RunningFront, startFront } from "./front/index.ts";
export type { Milestone } from "./history/milestones.ts";
export { milestoneId, ReleaseHistory, type ReleaseMove } from "./history/release-history.ts";
export type { ReleaseBrief, ReleaseDetails, ReleaseSummary } from "./history/release-view.ts";
export {
  type Journey,
  type JourneyContext,
  type JourneyResult,
  requesterFor,
  type SmokeReport,
  type SmokeTarget,
} from "./journeys/index.ts";
export type { CheckResult, PreflightContext, PreflightReport, Waiver } from "./preflight/index.ts";
export type { RehearsalReport } from "./rehearsal/index.ts";
export {
  type Artefact,
  type ArtefactEnvironment,
  type CommandName,
  commandRelease,
  type EmergencyReport,
  emergencyReportSchema,
  type GateVerdict,
  isOver,
  type JournalEntry,
  journalFile,
  type Look,
  listReleases,
  type Observed,
  type Release,
  type ReleaseReport,
  type ReleaseState,
  type ReleaseTick,
  readJournal,
  readRelease,
  reportMarkdown,
  reportOf,
} from "./release/index.ts";
export { inheritSockets } from "./renewal.ts";
export type { ReleaseRoutesOptions, Releases } from "./routes/index.ts";
export type { PreflightRequest, ReleaseStarter, StartRequest } from "./routes/starter.ts";
export { type FrontRequest, runFront } from "./run-front.ts";
export {
  type Launch,
  type OccupiedSlot,
  occupySlot,
  programOf,
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
/** Loads the smoke test, which only its command and releases need. */
export const loadJourneys = () => import("./journeys/index.ts");

/** Loads what moves the steps of a release, which only releases and rehearsals need. */
export const loadReleaseSteps = () => import("./release/release-steps.ts");

/** Loads the rehearsal, which only releases need. */
export const loadRehearsal = () => import("./rehearsal/index.ts");

/** Loads the routes of releases, which only a server needs. */
export const loadReleaseRoutes = () => import("./routes/index.ts");

/** Loads the validation, which only releases need. */
export const loadValidation = () => import("./validation/index.ts");
