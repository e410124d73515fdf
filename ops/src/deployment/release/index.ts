export type { ArtefactEnvironment } from "./artefact-launch.ts";
export { commandRelease } from "./command.ts";
export { type EmergencyReport, emergencyReportSchema } from "./emergency-report.ts";
export { type JournalEntry, readJournal } from "./journal.ts";
export type { Observed } from "./judge-gate.ts";
export { type Artefact, journalFile, listReleases, type Release, readRelease } from "./release.ts";
export { type ReleaseReport, reportMarkdown, reportOf } from "./report.ts";
export type { GateVerdict, Look } from "./stage.ts";
export { type CommandName, isOver, type ReleaseState } from "./state.ts";
