export type { CheckResult, PreflightContext, PreflightReport, Waiver } from "./preflight/index.ts";

/** Loads the preflight, which only its command needs. */
export const loadPreflight = () => import("./preflight/index.ts");
