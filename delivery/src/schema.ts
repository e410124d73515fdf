import { sql } from "kysely";
import { authTables } from "./auth/tables.ts";
import { baseline } from "./baseline.ts";
import { billingTables } from "./billing/tables.ts";
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
    for (const statement of laterTables) await statement.execute(tx);
  });

/** What is no part of the baseline, made by each capability for itself; databases of earlier versions lack some of it. */
const laterTables = [...authTables, ...billingTables];
