import { z } from "zod";
import { secretOf, text, timeOfDay } from "./validators.ts";

/** The settings for backups. */
export const backupSettings = {
  BACKUP_DIR: text.optional().describe("directory of backups; default: `backups` in the data directory"),
  BACKUP_KEY: secretOf(32)
    .optional()
    .describe("key that encrypts backups (AES-256-GCM); default: not encrypted. Keep it elsewhere, too"),
  BACKUP_KEEP: text
    .regex(/^[1-9]\d{0,3}[hdw]?$/, "must be a number of backups, such as 7, or an age, such as 36h, 7d or 4w")
    .default("7d")
    .describe("backups to keep: a number or an age; the last verified one is always kept"),
  BACKUP_SCHEDULE: timeOfDay
    .optional()
    .describe(
      "time of a daily backup, such as 02:30, in `BUSINESS_TIME_ZONE`; it is verified, and a failure raises an alert",
    ),
  BACKUP_COMMAND: text
    .optional()
    .describe("command that backs the database up, such as pgBackRest; default: EarlyBird does"),
  RESTORE_COMMAND: text.optional().describe("command that restores what `BACKUP_COMMAND` made, to verify it"),
  BACKUP_ARCHIVE: z
    .enum(["on", "off"], "must be on or off")
    .default("off")
    .describe("`on`: the embedded server archives its log, so that any moment can be restored"),
  PG_BIN_DIR: text
    .optional()
    .describe("directory of PostgreSQL's programs, for verification and pg_dump; default: looked for"),
};

export const backupSecrets = ["BACKUP_KEY"] as const;

/** What is wrong with the settings together. */
export const backupFaults = (present: Readonly<Record<string, string>>): string[] => {
  const faults: string[] = [];
  if (present.RESTORE_COMMAND && !present.BACKUP_COMMAND)
    faults.push("RESTORE_COMMAND: needs BACKUP_COMMAND: set it, or remove RESTORE_COMMAND");
  if (present.BACKUP_ARCHIVE === "on" && present.DATABASE_URL)
    faults.push(
      "BACKUP_ARCHIVE: works with the embedded server only: remove it, or DATABASE_URL; configure archive_command on your server",
    );
  return faults;
};
