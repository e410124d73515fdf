import { sql } from "kysely";

/** In one row, what holds for the whole business and is kept with its data. */
export const businessTables = [
  sql`
    create table if not exists business_settings (
      one       boolean primary key default true check (one),
      time_zone text not null
    )`,
];
