import { type Kysely, type RawBuilder, sql } from "kysely";
import { createPlatformTables } from "../../database/platform-tables.ts";

/**
 * Creates the missing tables of alerts.
 *
 * - `alert_history`: each alert, with its decisions and attempts
 * - `alert_mutes`: the muted types, with author and end
 * - `alert_claims`: the instance that sends each alert
 */
export const createAlertTables = async (db: Kysely<unknown>): Promise<void> => {
  await createPlatformTables(db, [{ table: "alert_claims", statements }]);
  // Tables of an older version: a row without a severity is as severe as can be, one without threads has its alert's.
  await addColumn(db, "severity", sql`text`);
  await addColumn(db, "threads", sql`text[]`);
};

const addColumn = async (db: Kysely<unknown>, name: string, type: RawBuilder<unknown>): Promise<void> => {
  const { rows } = await sql`
    select from pg_attribute
    where attrelid = 'earlybird.alert_claims'::regclass and attname = ${name}`.execute(db);
  // Looked for first: to add it, also where it is there, asks for the table's owner and for a lock.
  if (rows.length > 0) return;
  await sql`alter table earlybird.alert_claims add column if not exists ${sql.ref(name)} ${type}`.execute(db);
};

const statements = [
  sql`create table earlybird.alert_history (
    id          text primary key,
    type        text not null,
    key         text not null,
    severity    text not null,
    state       text not null,
    message     text not null,
    details     jsonb not null,
    fired_at    timestamptz not null,
    resolved_at timestamptz,
    instance    text not null,
    decisions   jsonb not null,
    attempts    jsonb not null,
    saved_at    timestamptz not null default clock_timestamp()
  )`,
  sql`create index alert_history_fired on earlybird.alert_history (fired_at, id)`,
  sql`create index alert_history_saved on earlybird.alert_history (saved_at)`,
  sql`create table earlybird.alert_mutes (
    id       text primary key,
    type     text not null,
    author   text not null,
    reason   text,
    muted_at timestamptz not null,
    until    timestamptz not null,
    ended_at timestamptz,
    ended_by text
  )`,
  sql`create table earlybird.alert_claims (
    fingerprint text primary key,
    alert       text not null,
    instance    text not null,
    fired_at    timestamptz not null,
    claimed_at  timestamptz not null,
    told_at     timestamptz,
    seen_at     timestamptz not null,
    resolved_at timestamptz,
    severity    text,
    threads     text[]
  )`,
];
