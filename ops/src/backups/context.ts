import type pg from "pg";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Retention } from "./retention.ts";

/** How backups are made and kept; see the settings `BACKUP_...`. */
export interface BackupSettings {
  readonly directory: string;
  readonly key: string | undefined;
  readonly keep: Retention;
  readonly command: string | undefined;
  readonly restoreCommand: string | undefined;
  readonly binDirectory: string | undefined;
}

export interface BackupContext {
  /** Connects directly to the database. */
  readonly pool: pg.Pool;
  /** The address of the database, for commands. Contains the password. */
  readonly url: string;
  readonly embedded: boolean;
  /** Of the embedded server, whose archive of the log is shortened to what the backups need. */
  readonly dataDir?: string;
  readonly settings: BackupSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Free bytes of a directory's disk; by default, as the system reports them. */
  readonly free?: (directory: string) => Promise<number>;
}
