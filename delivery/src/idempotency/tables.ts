import { sql } from "kysely";

/** One row for each key of the last day. Results and response are encrypted. */
export const idempotencyTables = [
  sql`
    create table if not exists idempotency_keys (
      id           bigint generated always as identity primary key,
      user_id      text references users (id) on delete cascade,
      address      text,
      route        text not null,
      key          text not null,
      fingerprint  text not null,
      attempt      integer not null default 1,
      leased_until timestamptz not null,
      results      bytea,
      answer       bytea,
      created_at   timestamptz not null,
      check ((user_id is null) <> (address is null))
    )`,
  sql`
    create unique index if not exists idempotency_keys_request
    on idempotency_keys (coalesce(user_id, address), route, key)`,
  sql`create index if not exists idempotency_keys_user on idempotency_keys (user_id)`,
  sql`create index if not exists idempotency_keys_age on idempotency_keys (created_at)`,
];
