export type {
  CheckResult,
  PhaseLook,
  PhaseVerdict,
  ValidationCheck,
  ValidationPhase,
} from "./check.ts";
export type { DrilledRule, ValidationContext } from "./context.ts";
export { type DrillOptions, drillAlerts } from "./drill.ts";
export { validationMarkdown } from "./markdown.ts";
export { validationPhases } from "./phases.ts";
export { readValidation, type ValidationReport, validationReportSchema } from "./report.ts";
export { databaseSources, type SourceOptions } from "./sources.ts";
export type { Measured } from "./trend.ts";
export { type ValidationOptions, validation } from "./validation.ts";
