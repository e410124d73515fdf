import { Command } from "commander";
import { createRestorePoint } from "../../../backups/index.ts";
import { withConnection } from "../../context.ts";
import { print, printJson } from "../../output.ts";

export const restorePointCommand = () =>
  new Command("restore-point")
    .description("mark the present moment, so that a restore can end there; needs an archive of the log")
    .argument("<name>", "name of the mark")
    .option("--json", "print one JSON document")
    .action((name: string, { json }: { json?: boolean }) =>
      withConnection(async ({ database }) => {
        const lsn = await createRestorePoint(database.direct, name);
        if (json) return printJson({ name, lsn });
        print(`Restore point ${name} at ${lsn}`);
      }),
    );
