import { sql } from "kysely";

/** Second factors. Secrets are encrypted, recovery codes hashed. */
export const totpTables = [
  sql`
    create table if not exists totp_secrets (
      user_id      text primary key references users (id) on delete cascade,
      secret       bytea not null,
      confirmed_at timestamptz,
      last_step    bigint
    )`,
  sql`
    create table if not exists totp_recovery_codes (
      user_id   text not null references users (id) on delete cascade,
      code_hash text not null,
      primary key (user_id, code_hash)
    )`,
];
