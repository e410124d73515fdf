import { sql } from "kysely";

/** Statements that create the tables of logging in beyond the baseline; each may run again at every start. */
export const authTables = [
  // Keys are keyed hashes: neither table reveals accounts or addresses.
  sql`
    create table if not exists login_budgets (
      key       text primary key,
      remaining integer not null,
      ends_at   timestamptz not null
    )`,
  sql`create index if not exists login_budgets_ends_at on login_budgets (ends_at)`,
  sql`
    create table if not exists known_addresses (
      key           text primary key,
      last_login_at timestamptz not null
    )`,
  sql`create index if not exists known_addresses_last_login_at on known_addresses (last_login_at)`,
];
