import { moveCommand } from "./move.ts";

export const reapplyCommand = () =>
  moveCommand("reapply", "re-apply steps that are rolled back, lowest first");
