import { join, resolve } from "node:path";
import type { Settings } from "../settings/settings.ts";
import type { BackupSettings } from "./context.ts";
import { parseRetention } from "./retention.ts";

type Used = "BACKUP_DIR" | "BACKUP_KEY" | "BACKUP_KEEP" | "BACKUP_COMMAND" | "RESTORE_COMMAND" | "PG_BIN_DIR";

const fallback = { kind: "age", ageMs: 7 * 86_400_000 } as const;

/** What the settings say of backups. */
export const backupSettingsFrom = (settings: Pick<Settings, Used>, dataDir: string): BackupSettings => ({
  directory: resolve(settings.BACKUP_DIR ?? join(dataDir, "backups")),
  key: settings.BACKUP_KEY,
  keep: parseRetention(settings.BACKUP_KEEP) ?? fallback,
  command: settings.BACKUP_COMMAND,
  restoreCommand: settings.RESTORE_COMMAND,
  binDirectory: settings.PG_BIN_DIR,
});
