import { takeUpCommand } from "./resume-or-abort.ts";

export const abortCommand = () =>
  takeUpCommand("abort", "take back what an interrupted or failed operation has moved");
