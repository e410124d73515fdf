import { sql } from "kysely";

/** Mail to be sent; a mail that was sent, or is given up, is deleted. */
export const mailTables = [
  sql`
    create table if not exists mail_outbox (
      id         bigint generated always as identity primary key,
      recipient  text not null,
      subject    text not null,
      body       text not null,
      created_at timestamptz not null,
      attempts   integer not null default 0,
      next_at    timestamptz not null
    )`,
  sql`create index if not exists mail_outbox_next on mail_outbox (next_at)`,
];
