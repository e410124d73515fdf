import { sql } from "kysely";
import { type Finding, unknown } from "./check.ts";
import type { Database, PreflightContext } from "./context.ts";

const limits = { statement: "8s", lock: "250ms" };

/** Runs a check in a read-only transaction with short limits; unknown if the database cannot be reached. */
export const onDatabase = async (
  { database }: Pick<PreflightContext, "database">,
  check: (db: Database) => Promise<Finding>,
): Promise<Finding> =>
  "unreachable" in database
    ? unknown(
        `The database cannot be reached: ${database.unreachable}`,
        "Start the database, or correct DATABASE_URL.",
      )
    : database.db
        .transaction()
        .setAccessMode("read only")
        .execute(async (tx) => {
          await sql`select set_config('statement_timeout', ${limits.statement}, true), set_config('lock_timeout', ${limits.lock}, true)`.execute(
            tx,
          );
          return check(tx);
        });

/** Whether a table of the schema `earlybird` exists. */
export const hasTable = async (db: Database, table: string): Promise<boolean> => {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(${`earlybird.${table}`}) is not null as there`.execute(db);
  return rows[0]?.there === true;
};

/** The answer if monitoring has never written to this database. */
export const notMonitored = (): Finding =>
  unknown("The database holds no monitoring data.", "Start the service with monitoring, then check again.");
