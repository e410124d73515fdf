import { Command } from "commander";

const help = `
These read and write what the instances of the service share in the database, and work without a running
server; a server follows a mute within seconds.`;

/** Without the commands below it: those come from commands.ts. */
export const alertsCommand = () =>
  new Command("alerts")
    .description("what was wrong, who was told and why, and who is not to be told for a while")
    .enablePositionalOptions()
    .addHelpText("after", help);
