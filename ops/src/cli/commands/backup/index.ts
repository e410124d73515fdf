import { Command } from "commander";

const help = `
Backups are in the directory "backups" of the data directory, or in BACKUP_DIR. Each is a folder with a manifest,
which is written last: without it, the backup is incomplete and the next one removes it. A backup counts once it was
restored and compared: "verify" does that in a temporary server.

Examples:
  earlybird backup create --verify
  earlybird backup verify latest
  earlybird backup restore latest --to /var/lib/copy
  earlybird backup restore latest --in-place --at 2026-01-31T09:00+05:30 --yes`;

/** Without the commands below it: those come from commands.ts. */
export const backupCommand = () =>
  new Command("backup")
    .description("make, list, verify and restore backups of the database")
    .enablePositionalOptions()
    .addHelpText("after", help);
