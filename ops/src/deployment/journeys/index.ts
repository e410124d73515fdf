export { builtInJourneys } from "./built-in.ts";
export type { Journey, JourneyContext } from "./journey.ts";
export {
  type JourneyResult,
  journeyResultSchema,
  type SmokeReport,
  smokeEvidence,
  smokeReportSchema,
} from "./report.ts";
export { type BoundJourney, journeyLimitMs, runJourneys } from "./run-journeys.ts";
export { type InstalledVersion, runSmoke, type SmokeOptions } from "./run-smoke.ts";
export { type Requester, requesterFor, type SmokeTarget } from "./target.ts";
