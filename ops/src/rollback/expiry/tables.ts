import { sql } from "kysely";

/** By when a step is to be re-applied, and from when on people are reminded; both mean nothing while it is applied. */
export const expiry = [
  sql`alter table earlybird.steps add column until timestamptz, add column remind_at timestamptz`,
  sql`alter table earlybird.operations add column until timestamptz`,
];
