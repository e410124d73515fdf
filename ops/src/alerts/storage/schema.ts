import { type Kysely, sql } from "kysely";
import { createPlatformTables } from "../../database/platform-tables.ts";

/**
 * Creates the missing tables of alerts.
 *
 * - `alert_history`: each alert, with its decisions and attempts
 * - `alert_mutes`: the mutes, with author and end
 * - `alert_windows`: the maintenance windows, with author and schedule
 * - `alert_acknowledgements`: the latest acknowledgement, or withdrawal, of each alert that had one
 * - `alert_claims`: the instance that sends each alert
 */
export const createAlertTables = async (db: Kysely<unknown>): Promise<void> => {
  await createPlatformTables(db, [
    { table: "alert_claims", statements },
    // Upgrades of tables of an older version.
    { table: "alert_claims", column: "severity", statements: [addSeverity] },
    { table: "alert_claims", column: "threads", statements: [addThreads] },
    { table: "alert_mutes", column: "route", statements: [addScope] },
    { table: "alert_history", column: "acknowledged", statements: [addAcknowledged] },
    { table: "alert_acknowledgements", statements: [acknowledgements] },
    { table: "alert_windows", statements: [windows] },
  ]);
};

/** Null in rows of an older version: as severe as can be. */
const addSeverity = sql`alter table earlybird.alert_claims add column severity text`;
/** Null in rows of an older version: the conversation of its alert. */
const addThreads = sql`alter table earlybird.alert_claims add column threads text[]`;
/** Null: all alerts of the type. */
const addScope = sql`alter table earlybird.alert_mutes add column key text, add column route text`;

const addAcknowledged = sql`alter table earlybird.alert_history add column acknowledged jsonb`;
const acknowledgements = sql`create table earlybird.alert_acknowledgements (
  fingerprint  text primary key,
  alert        text not null,
  severity     text not null,
  acknowledged boolean not null,
  author       text not null,
  note         text,
  at           timestamptz not null
)`;

const windows = sql`create table earlybird.alert_windows (
  id         text primary key,
  type       text not null,
  key        text,
  route      text,
  author     text not null,
  reason     text,
  created_at timestamptz not null,
  schedule   jsonb not null,
  ended_at   timestamptz,
  ended_by   text
)`;

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
    acknowledged jsonb,
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
    key      text,
    route    text,
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
