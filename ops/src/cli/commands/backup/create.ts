import { Command, Option } from "commander";
import type { Method } from "../../../backups/index.ts";
import { operator } from "../../context.ts";
import { bytes, duration, green, print, printJson, yellow } from "../../output.ts";
import { backupProgress } from "./progress.ts";
import { printVerification } from "./verify.ts";
import { withBackups } from "./with-backups.ts";

const help = `
Without --method, the first possible one is used: BACKUP_COMMAND; a copy of the server's files, with its log, if the
role of the database may replicate; or pg_dump. Each works while the database is written to.`;

export const createCommand = () =>
  new Command("create")
    .description("make a backup, and remove expired ones")
    .addOption(new Option("--method <method>", "how to make it").choices(["physical", "dump", "command"]))
    .option("--verify", "then restore it into a temporary server and compare it")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(({ method, verify, json }: { method?: Method; verify?: boolean; json?: boolean }) =>
      withBackups(async (backups) => {
        const { requestedBy } = operator();
        const made = await backups.create({ requestedBy, method, onProgress: backupProgress() });
        const { id, fingerprint } = made;
        const verification = verify ? await backups.verify(id, { onProgress: backupProgress() }) : null;
        if (json) {
          printJson({ backup: { ...made, verification } });
          if (verification) printVerification(id, verification, { quiet: true });
          return;
        }
        const encrypted = made.key_id === null ? "" : ", encrypted";
        print(
          green(
            `Backup ${id}: ${made.method}, ${bytes(made.bytes)} (${bytes(made.raw_bytes)} before compression)${encrypted}, ${duration(made.duration_ms)}`,
          ),
        );
        if (!fingerprint)
          print(
            yellow("It has no fingerprint, so that a verification cannot compare it: see the documentation."),
          );
        if (verification) printVerification(id, verification);
        else print(`Not verified yet: earlybird backup verify ${id}`);
      }),
    );
