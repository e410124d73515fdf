import { sql } from "kysely";
import { resetTables } from "./auth/reset/tables.ts";
import { rightsTables } from "./auth/rights/tables.ts";
import { sessionTables } from "./auth/sessions/tables.ts";
import { authTables } from "./auth/tables.ts";
import { totpTables } from "./auth/totp/tables.ts";
import { baseline } from "./baseline.ts";
import { billingTables } from "./billing/tables.ts";
import { businessTables } from "./business/tables.ts";
import { storeTimeZone } from "./business/time-zone.ts";
import { courierTables } from "./couriers/tables.ts";
import type { DeliveryDatabase } from "./database.ts";
import { deliveryTables } from "./deliveries/tables.ts";
import { idempotencyTables } from "./idempotency/tables.ts";
import { schemaLock } from "./locks.ts";
import { mailTables } from "./mail/tables.ts";
import { subscriptionTables } from "./subscriptions/tables.ts";

/**
 * Creates the tables of the baseline where they are absent. What the changes add comes with applying them.
 *
 * @param timeZone of the business, as `BUSINESS_TIME_ZONE` says
 * @throws Failure EB_BUSINESS_TIME_ZONE when the database has another
 */
export const createSchema = (db: DeliveryDatabase, timeZone?: string): Promise<void> =>
  db.transaction().execute(async (tx) => {
    // Two processes may start on the same empty database.
    await sql`select pg_advisory_xact_lock(${sql.join(schemaLock)})`.execute(tx);
    const { rows } = await sql<{
      exists: boolean;
    }>`select to_regclass('users') is not null as exists`.execute(tx);
    if (!rows[0]?.exists) await sql.raw(baseline).execute(tx);
    for (const statement of laterTables) await statement.execute(tx);
    await storeTimeZone(tx, timeZone);
  });

/** What is no part of the baseline, made by each capability for itself; databases of earlier versions lack some of it. */
const laterTables = [
  ...authTables,
  ...rightsTables,
  ...businessTables,
  ...billingTables,
  ...sessionTables,
  ...totpTables,
  ...resetTables,
  ...mailTables,
  ...courierTables,
  ...deliveryTables,
  ...idempotencyTables,
  ...subscriptionTables,
];
