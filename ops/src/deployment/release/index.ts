export { commandRelease } from "./command.ts";
export { type JournalEntry, readJournal } from "./journal.ts";
export { journalFile, listReleases, type Release, readRelease } from "./release.ts";
export { type ReleaseReport, reportMarkdown, reportOf } from "./report.ts";
export { type CommandName, isOver } from "./state.ts";
