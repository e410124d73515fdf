import type { Command } from "commander";
import { createCommand } from "./create.ts";
import { listCommand } from "./list.ts";
import { restoreCommand } from "./restore.ts";
import { restorePointCommand } from "./restore-point.ts";
import { verifyCommand } from "./verify.ts";

/** Adds the commands below `backup`; returns it. */
export const addBackupCommands = (backup: Command): Command =>
  backup
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(verifyCommand())
    .addCommand(restoreCommand())
    .addCommand(restorePointCommand());
