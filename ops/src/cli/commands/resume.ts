import { takeUpCommand } from "./resume-or-abort.ts";

export const resumeCommand = () =>
  takeUpCommand("resume", "go on with an operation that was interrupted or has failed");
