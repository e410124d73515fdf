import { Kysely, PostgresDialect, type RawBuilder, sql } from "kysely";
import type { Tables } from "../../delivery/src/database.ts";
import { type SeedOptions, type SeedReport, seedDemo } from "../../delivery/src/seed/index.ts";
import { StandingClock } from "./clock.ts";
import type { TestDatabase } from "./database.ts";
import { createDeliveryDatabase } from "./delivery.ts";

/** Small enough to load in half a second, large enough for every oddity to occur. */
export const demoSize = { customers: 300, days: 45 };

/** A morning on which about half of the drops are done. */
export const demoClock = new StandingClock("2026-03-10T05:30:00Z");

export interface Demo {
  database: TestDatabase;
  db: Kysely<Tables>;
  report: SeedReport;
  /** The rows of a query that ought to find none. */
  offenders(query: RawBuilder<unknown>): Promise<unknown[]>;
}

/** A database of its own with the demo data in it; drop `database` in the end. */
export const loadDemo = async (
  options: Partial<SeedOptions> & { clock?: StandingClock } = {},
): Promise<Demo> => {
  const database = await createDeliveryDatabase();
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  const clock = options.clock ?? demoClock;
  await sql`update business_settings set time_zone = ${clock.timeZone}`.execute(db);
  const report = await seedDemo(db, { ...demoSize, ...options, clock });
  const offenders = async (query: RawBuilder<unknown>) =>
    (await sql`select * from (${query}) as offender limit 3`.execute(db)).rows;
  return { database, db, report, offenders };
};
