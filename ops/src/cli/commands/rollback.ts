import { moveCommand } from "./move.ts";

export const rollbackCommand = () =>
  moveCommand("rollback", "undo steps, highest first, without losing data");
