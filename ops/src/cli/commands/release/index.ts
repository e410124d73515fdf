import { Command } from "commander";

const help = `
What happens is in <data directory>/releases, and decided there: these commands need neither a server nor the database.
A release goes on while no command runs. Nothing advances it while its health is unknown.`;

/** The command without its subcommands, whose modules are loaded on demand. */
export const releaseCommand = () =>
  new Command("release")
    .description("release a new version beside the old one, watch it, and take it back")
    .addHelpText("after", help);
