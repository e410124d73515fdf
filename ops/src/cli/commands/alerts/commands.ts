import type { Command } from "commander";
import { acknowledgeCommand } from "./acknowledge.ts";
import { explainCommand } from "./explain.ts";
import { historyCommand } from "./history.ts";
import { maintenanceCommand } from "./maintenance.ts";
import { muteCommand } from "./mute.ts";
import { rulesCommand } from "./rules.ts";
import { summaryCommand } from "./summary.ts";
import { testCommand } from "./test.ts";
import { unacknowledgeCommand } from "./unacknowledge.ts";
import { unmuteCommand } from "./unmute.ts";

/** Adds the commands below `alerts`; returns it. */
export const addAlertCommands = (alerts: Command): Command =>
  alerts
    .addCommand(summaryCommand())
    .addCommand(historyCommand())
    .addCommand(explainCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(unacknowledgeCommand())
    .addCommand(muteCommand())
    .addCommand(unmuteCommand())
    .addCommand(maintenanceCommand())
    .addCommand(testCommand())
    .addCommand(rulesCommand());
