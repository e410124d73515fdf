export type { Check, CheckGroup, Finding } from "./check.ts";
export type { Database, PreflightContext, Rehearsal, StepReader } from "./context.ts";
export { markdownReport, verdictText } from "./markdown.ts";
export { openapiOf, type RunningVersion } from "./openapi-of.ts";
export { checks } from "./registry.ts";
export {
  type CheckResult,
  checkResult,
  type PreflightOptions,
  type PreflightReport,
  preflightReport,
  runPreflight,
} from "./run.ts";
export { createCheckTable, saveReport } from "./table.ts";
export { assertWaivers, type Waiver } from "./waivers.ts";
