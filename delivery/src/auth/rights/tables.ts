import { sql } from "kysely";

/** Statements that create what logins need beyond the baseline; each may run again at every start. */
export const rightsTables = [
  // When staff verified the owner of the login; null for a login by public registration. The default trusts older logins
  // and direct writes to the database. Check first: "add column if not exists" would block readers at each start.
  sql`do $$ begin
    if not exists (select from pg_attribute
      where attrelid = 'users'::regclass and attname = 'verified_at' and not attisdropped) then
      alter table users add column verified_at timestamptz default now();
    end if;
  end $$`,
  // Logins created for a customer while step 21 was rolled back: re-applying it links the two.
  sql`
    create table if not exists intended_links (
      user_id     text primary key references users (id) on delete cascade,
      customer_id text not null references customers (id) on delete cascade
    )`,
  // Writes while step 24 was rolled back by logins that it refuses. `status` is null until the response.
  sql`
    create table if not exists unchecked_writes (
      id       bigint primary key generated always as identity,
      at       timestamptz not null,
      user_id  text references users (id) on delete set null,
      role     text not null,
      route    text not null,
      status   integer,
      target   text,
      reported boolean not null default false,
      unique (user_id, route, id)
    )`,
  // Only hashes: a reader of the database must not be able to become an admin.
  sql`
    create table if not exists invitations (
      token_hash  text primary key,
      first_admin boolean not null,
      expires_at  timestamptz not null,
      used_at     timestamptz
    )`,
];
