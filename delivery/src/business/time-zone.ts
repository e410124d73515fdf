import { defineFailure } from "@earlybird-ops/platform/service";
import { type RawBuilder, sql } from "kysely";
import type { DeliveryDatabase } from "../database.ts";

/** Where EarlyBird delivers. */
const defaultTimeZone = "Asia/Kolkata";

const otherTimeZone = defineFailure({
  code: "EB_BUSINESS_TIME_ZONE",
  status: 409,
  exitStatus: 2,
  detail: "The database uses the time zone {stored}, but BUSINESS_TIME_ZONE is {asked}.",
  remedy:
    "Set BUSINESS_TIME_ZONE to {stored}, or remove it. To move the business: update business_settings set time_zone = '{asked}'.",
});

/**
 * Stores the time zone of the business with its data, at the first start; from then on all instances agree on it.
 *
 * @param asked the setting
 * @throws Failure EB_BUSINESS_TIME_ZONE when the database has another
 */
export const storeTimeZone = async (tx: DeliveryDatabase, asked: string | undefined): Promise<void> => {
  await sql`insert into business_settings (time_zone) values (${asked ?? defaultTimeZone}) on conflict do nothing`.execute(
    tx,
  );
  const stored = await readTimeZone(tx);
  if (asked !== undefined && asked !== stored) throw otherTimeZone({ stored, asked });
};

/** The time zone of the business. */
export const readTimeZone = async (db: DeliveryDatabase): Promise<string> => {
  const { rows } = await sql<{ time_zone: string }>`select time_zone from business_settings`.execute(db);
  return rows[0]?.time_zone ?? defaultTimeZone;
};

const timeZone = sql`(select time_zone from business_settings)`;

/** In SQL: today where the business is. */
export const businessToday = sql`(now() at time zone ${timeZone})::date`;

/** In SQL: the moment at which a date begins where the business is. */
export const startOfBusinessDay = (date: RawBuilder<unknown>) =>
  sql`(${date})::timestamp at time zone ${timeZone}`;
