import type { Kysely } from "kysely";
import type pg from "pg";
import { onConnection } from "./monitoring-pool.ts";

/** A database that gets the tables that are needed before anybody works with them. */
export class DatabaseWithTables {
  readonly #pool: pg.Pool;
  readonly #createTables: (db: Kysely<unknown>) => Promise<void>;
  #tablesExist = false;

  /**
   * @param pool a small one of monitoring's own
   * @param createTables makes those that are absent
   */
  constructor(pool: pg.Pool, createTables: (db: Kysely<unknown>) => Promise<void>) {
    this.#pool = pool;
    this.#createTables = createTables;
  }

  /**
   * Lends a connection to `work`.
   *
   * @throws whatever keeps it from the database
   */
  async connected<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    try {
      return await onConnection(this.#pool, async (db) => {
        if (!this.#tablesExist) await this.#createTables(db);
        this.#tablesExist = true;
        return work(db);
      });
    } catch (error) {
      // They may have been dropped, or the database is another one by now, restored or failed over to.
      this.#tablesExist = false;
      throw error;
    }
  }
}
