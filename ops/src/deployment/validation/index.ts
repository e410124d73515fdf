export type { DrilledRule, ValidationContext } from "./context.ts";
export { type DrillOptions, drillAlerts } from "./drill.ts";
export { validationMarkdown } from "./markdown.ts";
export { validationPhases } from "./phases.ts";
export { readValidation, type ValidationReport, validationReportSchema } from "./report.ts";
export { databaseSources } from "./sources.ts";
export { validation } from "./validation.ts";
