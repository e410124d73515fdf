import { defineFailure } from "../core/failure.ts";

export const backupUnknown = defineFailure({
  code: "EB_BACKUP_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no backup {id}.",
  remedy: 'List the backups with "earlybird backup list".',
});

export const backupElsewhere = defineFailure({
  code: "EB_BACKUP_ELSEWHERE",
  status: 409,
  exitStatus: 4,
  detail: "The files of backup {id} are not in {directory}; it was made on {host}.",
  remedy: "Run the command on that host, or set BACKUP_DIR to the directory with the files.",
});

export const backupRunning = defineFailure({
  code: "EB_BACKUP_RUNNING",
  status: 409,
  exitStatus: 5,
  detail: "Another backup of this database is being made.",
  remedy: "Wait until it ends.",
});

export const backupRefusedByServer = defineFailure({
  code: "EB_BACKUP_REFUSED",
  status: 409,
  exitStatus: 4,
  detail: "This database cannot be backed up: {reason}",
  remedy:
    "Grant the role REPLICATION and allow its connection in pg_hba.conf, install pg_dump of the server's major version or newer (PG_BIN_DIR), or set BACKUP_COMMAND.",
});

export const diskTooFull = defineFailure({
  code: "EB_BACKUP_DISK_FULL",
  status: 409,
  exitStatus: 4,
  detail: "{directory} has {free} free; this needs {needed}.",
  remedy: "Free some space, remove old backups, or set BACKUP_DIR to a larger disk.",
});

export const backupFailed = defineFailure({
  code: "EB_BACKUP_FAILED",
  status: 500,
  detail: "The backup failed, and its files were removed: {reason}",
  remedy: "Remove the cause, then run it again. Older backups are unchanged.",
});

export const backupDamaged = defineFailure({
  code: "EB_BACKUP_DAMAGED",
  status: 409,
  exitStatus: 1,
  detail: "Backup {id} is damaged: {reason}",
  remedy: "Use another backup, or a copy of this one.",
});

export const backupKeyWrong = defineFailure({
  code: "EB_BACKUP_KEY",
  status: 409,
  exitStatus: 2,
  detail: "Backup {id} is encrypted, and BACKUP_KEY is {problem}.",
  remedy: "Set BACKUP_KEY to the key with which the backup was made.",
});

export const noServerBinaries = defineFailure({
  code: "EB_BACKUP_BINARIES",
  status: 409,
  exitStatus: 4,
  detail: "PostgreSQL {major} is not installed here, so that the backup cannot be started.",
  remedy: "Install that major version, or set PG_BIN_DIR to the directory of its programs.",
});

export const restoreImpossible = defineFailure({
  code: "EB_RESTORE_REFUSED",
  status: 409,
  exitStatus: 4,
  detail: "The backup was not restored: {reason}",
  remedy: "{remedy}",
});

export const targetNotReached = defineFailure({
  code: "EB_RESTORE_TARGET",
  status: 409,
  exitStatus: 4,
  detail: "The write-ahead log ends before {target}.",
  remedy:
    "Choose an earlier target, or restore without one. BACKUP_ARCHIVE=on keeps the log between backups.",
});

export const restoreFailed = defineFailure({
  code: "EB_RESTORE_FAILED",
  status: 500,
  detail: "The restored copy does not work: {reason}",
  remedy: "Restore another backup; nothing else was changed.",
});

export const restoreCommandMissing = defineFailure({
  code: "EB_RESTORE_COMMAND",
  status: 409,
  exitStatus: 4,
  detail: "BACKUP_COMMAND made the backup, and RESTORE_COMMAND is not set.",
  remedy: "Set RESTORE_COMMAND to the command that restores it.",
});
