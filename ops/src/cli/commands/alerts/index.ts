import { Command } from "commander";

const help = `
These read and write what the instances of the service share in the database, and work without a running
server; a server follows a change within seconds.`;

/** Without the commands below it: those come from commands.ts. */
export const alertsCommand = () =>
  new Command("alerts")
    .description("view and acknowledge alerts, explain notifications, manage mutes")
    .enablePositionalOptions()
    .addHelpText("after", help);
