import { Command, Option } from "commander";
import { BackupManager, backupSettingsFrom, type RecoveryTarget } from "../../../backups/index.ts";
import { systemClock } from "../../../core/clock.ts";
import { defineFailure } from "../../../core/failure.ts";
import { createLogger } from "../../../core/logger.ts";
import { createPool } from "../../../database/pool.ts";
import { readEnvironment } from "../../context.ts";
import { green, print, printJson } from "../../output.ts";
import { type PlannedTime, plannedTime } from "../../planned-time.ts";
import { canPrompt, requireConfirmation } from "../../prompts.ts";
import { backupProgress } from "./progress.ts";
import { backupId } from "./verify.ts";

interface RestoreOptions {
  to?: string;
  inPlace?: boolean;
  at?: PlannedTime;
  restorePoint?: string;
  toEnd?: boolean;
  yes?: boolean;
  json?: boolean;
}

const destinationMissing = defineFailure({
  code: "EB_RESTORE_DESTINATION",
  status: 400,
  exitStatus: 2,
  detail: "The destination of the restore is missing.",
  remedy: "Give --to with a new directory, or --in-place.",
});

const notConfirmed = defineFailure({
  code: "EB_NOT_CONFIRMED",
  status: 428,
  exitStatus: 6,
  detail: "A restore in place was not confirmed; nothing was changed.",
  remedy: "Add --yes. The present data directory is moved aside, not deleted.",
});

const help = `
Needs no running database. The log is replayed up to the moment of the backup, at which it is compared; with --at,
--restore-point or --to-end up to another moment after it, which needs BACKUP_ARCHIVE=on or an intact old server.

--to DIR makes a new data directory: start the service on it with EARLYBIRD_DATA_DIR=DIR, or your own server on
DIR/postgres. --in-place replaces the embedded server's data, which must be stopped; the old data is moved aside.`;

const targetOf = ({ at, restorePoint, toEnd }: RestoreOptions, zone: string): RecoveryTarget => {
  if (at) return { kind: "time", at: new Date(at.first(zone)) };
  if (restorePoint !== undefined) return { kind: "restore point", name: restorePoint };
  return { kind: toEnd ? "end" : "backup" };
};

const nowhere = "postgres://127.0.0.1:1/unavailable";

export const restoreCommand = () =>
  new Command("restore")
    .description("restore a backup into a new directory, or in place")
    .argument("<id>", "the backup, or latest")
    .addOption(new Option("--to <directory>", "new data directory").conflicts("inPlace"))
    .option("--in-place", "replace the data of the embedded server, which must be stopped")
    .addOption(
      new Option("--at <time>", "replay the log up to this time, such as 2026-01-31T09:00+05:30")
        .argParser(plannedTime)
        .conflicts(["restorePoint", "toEnd"]),
    )
    .addOption(new Option("--restore-point <name>", "replay the log up to this mark").conflicts("toEnd"))
    .option("--to-end", "replay all of the log")
    .option("-y, --yes", "skip confirmation prompts")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(async (given: string, options: RestoreOptions) => {
      const { to, inPlace, json } = options;
      if (to === undefined && !inPlace) throw destinationMissing();
      const { settings, dataDir } = await readEnvironment();
      if (inPlace && !options.yes) {
        if (!canPrompt(options)) throw notConfirmed();
        await requireConfirmation(`Replace the database in ${dataDir}?`);
      }
      const pool = createPool(nowhere);
      try {
        const backups = new BackupManager({
          pool,
          url: settings.DATABASE_URL ?? "",
          embedded: settings.DATABASE_URL === undefined,
          settings: backupSettingsFrom(settings, dataDir),
          clock: systemClock,
          log: createLogger("silent"),
        });
        const zone = settings.BUSINESS_TIME_ZONE ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
        const restored = await backups.restore(await backupId(backups, given), {
          destination: to === undefined ? { kind: "in place", dataDir } : { kind: "new", directory: to },
          target: targetOf(options, zone),
          dataDir,
          onProgress: backupProgress(),
        });
        if (json) return printJson(restored);
        const proof = restored.compared ? ", and its fingerprint is that of the backup" : "";
        print(green(`Restored ${restored.id} to ${restored.directory}, up to ${restored.target}${proof}.`));
        if (restored.previous) print(`The data before is in ${restored.previous}.`);
      } finally {
        await pool.end();
      }
    });
