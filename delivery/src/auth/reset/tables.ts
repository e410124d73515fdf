import { sql } from "kysely";

/** One-time tokens to set a new password, of which only hashes are kept. */
export const resetTables = [
  sql`
    create table if not exists password_resets (
      token_hash text primary key,
      user_id    text not null references users (id) on delete cascade,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      used_at    timestamptz
    )`,
  sql`create index if not exists password_resets_of_user on password_resets (user_id, created_at)`,
];
