import { moveCommand } from "./move.ts";

export const rollbackCommand = () =>
  moveCommand("rollback", "roll back steps without losing data, highest first");
