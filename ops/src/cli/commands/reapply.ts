import { moveCommand } from "./move.ts";

export const reapplyCommand = () => moveCommand("reapply", "redo steps that were rolled back, lowest first");
