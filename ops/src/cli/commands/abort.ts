import { resumeOrAbortCommand } from "./resume-or-abort.ts";

export const abortCommand = () => resumeOrAbortCommand("abort", "revert an interrupted or failed operation");
