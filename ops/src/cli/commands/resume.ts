import { resumeOrAbortCommand } from "./resume-or-abort.ts";

export const resumeCommand = () =>
  resumeOrAbortCommand("resume", "continue an interrupted or failed operation");
