import type pg from "pg";
import { DatabaseWithTables } from "../../monitoring/index.ts";
import { createAlertTables } from "./schema.ts";

/**
 * The database as far as alerts need it, with their tables in it.
 *
 * @param pool a small one of monitoring's own
 */
export const alertDatabaseOn = (pool: pg.Pool): DatabaseWithTables =>
  new DatabaseWithTables(pool, createAlertTables);
