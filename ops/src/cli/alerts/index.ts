import { Command } from "commander";
import { explainCommand } from "./explain.ts";
import { historyCommand } from "./history.ts";
import { muteCommand } from "./mute.ts";
import { summaryCommand } from "./summary.ts";
import { testCommand } from "./test.ts";
import { unmuteCommand } from "./unmute.ts";

const help = `
These read and write what the instances of the service share in the database, and work without a running
server; a server follows a mute within seconds.`;

export const alertsCommand = () =>
  new Command("alerts")
    .description("what was wrong, who was told and why, and who is not to be told for a while")
    .enablePositionalOptions()
    .addHelpText("after", help)
    .addCommand(summaryCommand())
    .addCommand(historyCommand())
    .addCommand(explainCommand())
    .addCommand(muteCommand())
    .addCommand(unmuteCommand())
    .addCommand(testCommand());
