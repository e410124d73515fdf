import { BackupManager, backupSettingsFrom } from "../backups/index.ts";
import { systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { OpenDatabase } from "../database/index.ts";
import type { Settings } from "../settings/settings.ts";

/** The backups of an open database, as the settings want them. */
export const backupsOf = ({
  database,
  settings,
  dataDir,
  log,
}: {
  database: OpenDatabase;
  settings: Settings;
  dataDir: string;
  log: Logger;
}): BackupManager =>
  new BackupManager({
    pool: database.direct,
    url: settings.DATABASE_DIRECT_URL ?? database.url,
    embedded: database.source === "embedded",
    dataDir,
    settings: backupSettingsFrom(settings, dataDir),
    clock: systemClock,
    log,
  });
