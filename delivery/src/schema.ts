import { sql } from "kysely";
import { baseline } from "./baseline.ts";
import type { DeliveryDatabase } from "./database.ts";
import { schemaLock } from "./locks.ts";

/**
 * Creates the tables of the baseline where they are absent. What the changes add comes with applying them.
 */
export const createSchema = (db: DeliveryDatabase): Promise<void> =>
  db.transaction().execute(async (tx) => {
    // Two processes may start on the same empty database.
    await sql`select pg_advisory_xact_lock(${sql.join(schemaLock)})`.execute(tx);
    const { rows } = await sql<{
      exists: boolean;
    }>`select to_regclass('users') is not null as exists`.execute(tx);
    if (!rows[0]?.exists) await sql.raw(baseline).execute(tx);
    // Databases of earlier versions lack it.
    await sql`
      create table if not exists billing_runs (
        period       date primary key,
        succeeded_at timestamptz not null
      )`.execute(tx);
  });
