export { type HistoryRouteOptions, historyRoute } from "../routes/history.ts";
export { Fleet, type FleetOptions } from "./fleet.ts";
export type { FleetCoverage, FleetEndpoint, FleetSummary } from "./fleet-summary.ts";
export type { HistoryPoint, HistoryRequest, Resolution } from "./history.ts";
export type { Instance } from "./instances.ts";
