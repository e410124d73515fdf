export { copyChecks } from "./copy-checks.ts";
export { readHotQueries } from "./hot-plans.ts";
export { rehearse } from "./rehearse.ts";
export { type RehearsalReport, rehearsalReportSchema } from "./report.ts";
export type { Copies, RehearsalLimits, RehearsalRequest, RehearsedRelease, RestoredCopy } from "./request.ts";
