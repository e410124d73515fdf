import { sql } from "kysely";

/** Logins that last: a session begins with a password and continues with refresh tokens, one a generation. */
export const sessionTables = [
  sql`
    create table if not exists sessions (
      id               text primary key,
      user_id          text not null references users (id) on delete cascade,
      created_at       timestamptz not null,
      authenticated_at timestamptz not null,
      last_used_at     timestamptz not null,
      expires_at       timestamptz not null,
      ended_at         timestamptz,
      generation       integer not null default 0,
      ip_address       text not null,
      device           text
    )`,
  sql`create index if not exists sessions_of_user on sessions (user_id)`,
  sql`create index if not exists sessions_over on sessions (expires_at)`,
];
