import type pg from "pg";
import type { Settings } from "../../settings/settings.ts";

/** What a journey works with. */
export interface JourneyContext {
  /**
   * Sends a request to the version that is tried.
   *
   * @param path from the root of the service, as `/api/orders`
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The database of the service. */
  pool: pg.Pool;
  settings: Settings;
  /** Absolute path of the data directory. */
  dataDir: string;
  /** The time that the data is of: now, or when the backup was made on a restored copy. */
  now: Date;
}

/** What a user of the service does, tried on a version of it. */
export interface Journey {
  name: string;
  /**
   * Resolves with the evidence, in one line; throws if the journey fails.
   *
   * A journey only reads. It runs against the database in production, before users see the version: it must leave no row
   * behind, and start nothing that does.
   */
  run(context: JourneyContext): Promise<string>;
}
