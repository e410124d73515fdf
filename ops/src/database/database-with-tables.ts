import type { Kysely } from "kysely";
import type pg from "pg";
import { onConnection } from "./monitoring-pool.ts";

/** A database whose tables are created before first use. */
export class DatabaseWithTables {
  readonly #pool: pg.Pool;
  readonly #createTables: (db: Kysely<unknown>) => Promise<void>;
  #tablesExist = false;

  /**
   * @param pool created by `createMonitoringPool`
   * @param createTables creates missing tables
   */
  constructor(pool: pg.Pool, createTables: (db: Kysely<unknown>) => Promise<void>) {
    this.#pool = pool;
    this.#createTables = createTables;
  }

  /**
   * Calls `work` with a connection.
   *
   * @throws if the database is unavailable
   */
  async connected<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    try {
      return await onConnection(this.#pool, async (db) => {
        if (!this.#tablesExist) await this.#createTables(db);
        this.#tablesExist = true;
        return work(db);
      });
    } catch (error) {
      // The tables may have been dropped, or the database restored or failed over.
      this.#tablesExist = false;
      throw error;
    }
  }
}
