import { Command } from "commander";
import type { BackupView } from "../../../backups/index.ts";
import { bytes, print, printJson, table } from "../../output.ts";
import { withBackupsOnDisk } from "./with-backups.ts";

const row = (backup: BackupView): string[] => [
  backup.id,
  backup.state,
  backup.method ?? "",
  backup.bytes === null ? "" : bytes(backup.bytes),
  backup.is_encrypted ? "yes" : "no",
  backup.verdict === null ? "never" : `${backup.verdict}, ${backup.verified_at}`,
  backup.is_here ? "here" : backup.host,
  backup.failure ?? "",
];

export const listCommand = () =>
  new Command("list")
    .description("list the backups, newest first, also while the database is away")
    .option("--json", "print one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withBackupsOnDisk(async (backups) => {
        const listed = await backups.list();
        if (json) return printJson({ backups: listed });
        if (listed.length === 0) return print("There are no backups.");
        const heading = ["backup", "state", "method", "size", "encrypted", "verified", "files", "failure"];
        print(table(heading, listed.map(row)));
      }),
    );
