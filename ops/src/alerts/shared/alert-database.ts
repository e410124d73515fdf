import type { Kysely } from "kysely";
import type pg from "pg";
import { onConnection } from "../../monitoring/index.ts";
import { createAlertTables } from "./tables.ts";

/** The database as far as alerts need it, with their tables in it. */
export class AlertDatabase {
  readonly #pool: pg.Pool;
  #tablesExist = false;

  /** @param pool a small one of monitoring's own */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /**
   * Lends a connection to `work`.
   *
   * @throws whatever keeps it from the database
   */
  async connected<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    try {
      return await onConnection(this.#pool, async (db) => {
        if (!this.#tablesExist) await createAlertTables(db);
        this.#tablesExist = true;
        return work(db);
      });
    } catch (error) {
      // They may have been dropped, or the database is another one now.
      this.#tablesExist = false;
      throw error;
    }
  }
}
