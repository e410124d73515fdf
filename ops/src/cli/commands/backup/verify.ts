import { Command } from "commander";
import type { BackupManager, Verdict, Verification } from "../../../backups/index.ts";
import { defineFailure } from "../../../core/failure.ts";
import { duration, green, print, printJson, red, yellow } from "../../output.ts";
import { backupProgress } from "./progress.ts";
import { withBackupsOnDisk } from "./with-backups.ts";

const noBackup = defineFailure({
  code: "EB_BACKUP_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no backup yet.",
  remedy: 'Make one with "earlybird backup create".',
});

/** The id of a backup as an argument names it: `latest` is the newest complete one whose files are here. */
export const backupId = async (backups: Pick<BackupManager, "list">, given: string): Promise<string> => {
  if (given !== "latest") return given;
  const newest = (await backups.list()).find(({ state, is_here }) => state === "complete" && is_here);
  if (!newest) throw noBackup();
  return newest.id;
};

const colours: Readonly<Record<Verdict, (text: string) => string>> = {
  ok: green,
  failed: red,
  unknown: yellow,
};
const exitCodes: Readonly<Record<Verdict, number>> = { ok: 0, failed: 1, unknown: 4 };

/** Prints the checks, and sets the exit code. */
export const printVerification = (
  id: string,
  { verdict, checks, duration_ms }: Verification,
  { quiet = false } = {},
): void => {
  process.exitCode = exitCodes[verdict];
  if (quiet) return;
  for (const check of checks)
    print(`${colours[check.verdict](check.verdict.padEnd(7))}  ${check.name.padEnd(11)}  ${check.detail}`);
  print(colours[verdict](`Backup ${id}: ${verdict}, ${duration(duration_ms)}`));
};

const help = `
Exits with 0 if every check holds, 1 if one fails, 4 if something cannot be known here, such as without the programs
of the server's major version.`;

export const verifyCommand = () =>
  new Command("verify")
    .description("restore a backup into a temporary server, check it and compare it")
    .argument("[id]", "the backup, or latest", "latest")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((given: string, { json }: { json?: boolean }) =>
      withBackupsOnDisk(async (backups) => {
        const id = await backupId(backups, given);
        const verification = await backups.verify(id, { onProgress: backupProgress() });
        if (json) printJson({ id, verification });
        printVerification(id, verification, { quiet: json ?? false });
      }),
    );
