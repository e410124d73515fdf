export { Fleet, type FleetOptions } from "./fleet.ts";
export type { HistoryPoint, HistoryRequest, Resolution } from "./history.ts";
export type { Instance } from "./instances.ts";
export { type HistoryRouteOptions, historyRoute } from "./routes.ts";
export type { FleetCoverage, FleetEndpoint, FleetSummary } from "./window.ts";
