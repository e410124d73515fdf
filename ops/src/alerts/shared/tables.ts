import { type Kysely, sql } from "kysely";
import { createOwnTables } from "../../lib/own-tables.ts";

/**
 * Creates the tables of alerts where they are absent.
 *
 * - `alert_history`: each alert, with what was decided and attempted
 * - `alert_mutes`: who does not want to be told of what, until when
 * - `alert_claims`: which instance tells what
 */
export const createAlertTables = (db: Kysely<unknown>): Promise<void> =>
  createOwnTables(db, [{ table: "alert_claims", statements }]);

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
    resolved_at timestamptz
  )`,
];
