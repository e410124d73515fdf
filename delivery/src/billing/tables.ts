import { sql } from "kysely";

/** Statements that create the tables of billing beyond the baseline; each may run again at every start. */
export const billingTables = [
  sql`
    create table if not exists billing_runs (
      period       date primary key,
      succeeded_at timestamptz not null
    )`,
];
