import { BackupManager, backupSettingsFrom } from "../../../backups/index.ts";
import { systemClock } from "../../../core/clock.ts";
import { Failure } from "../../../core/failure.ts";
import { createLogger } from "../../../core/logger.ts";
import { createPool } from "../../../database/pool.ts";
import { backupsOf } from "../../backups-of.ts";
import { readEnvironment, withConnection } from "../../context.ts";

/** Opens the database of the service for as long as `work` takes. */
export const withBackups = <T>(work: (backups: BackupManager) => Promise<T>): Promise<T> =>
  withConnection((connection) => work(backupsOf(connection)));

const nowhere = "postgres://127.0.0.1:1/unavailable";

/** Also while the database is away: what is on disk can be listed and verified without it. */
export const withBackupsOnDisk = async <T>(work: (backups: BackupManager) => Promise<T>): Promise<T> => {
  let begun = false;
  try {
    return await withBackups((backups) => {
      begun = true;
      return work(backups);
    });
  } catch (error) {
    if (begun || !(error instanceof Failure && error.code.startsWith("EB_DATABASE_"))) throw error;
    const { settings, dataDir } = await readEnvironment();
    const pool = createPool(nowhere);
    const url = settings.DATABASE_URL ?? "";
    const stored = backupSettingsFrom(settings, dataDir);
    const log = createLogger("silent");
    try {
      return await work(
        new BackupManager({ pool, url, embedded: url === "", settings: stored, clock: systemClock, log }),
      );
    } finally {
      await pool.end();
    }
  }
};
