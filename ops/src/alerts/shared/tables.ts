import { type Kysely, sql } from "kysely";

/** The same for everybody who makes tables in the schema `earlybird`, so that nobody makes the schema twice. */
const schemaLock = sql`19301, 4`;

/**
 * Creates the tables of alerts where they are absent.
 *
 * - `alert_history`: each alert, with what was decided and attempted
 * - `alert_mutes`: who does not want to be told of what, until when
 * - `alert_claims`: which instance tells what
 *
 * @param db one connection
 */
export const createAlertTables = async (db: Kysely<unknown>): Promise<void> => {
  // Before the transaction: the beginning of one is when a connection learns that somebody else has made the
  // schema, and it may have looked for it before, as the schema of a user of that name.
  await sql`select pg_advisory_lock(${schemaLock})`.execute(db);
  try {
    await db.transaction().execute(createWhereAbsent);
  } finally {
    await sql`select pg_advisory_unlock(${schemaLock})`.execute(db);
  }
};

const createWhereAbsent = async (tx: Kysely<unknown>): Promise<void> => {
  const { rows } = await sql<{ schema: unknown; tables: unknown }>`
    select to_regnamespace('earlybird') as schema, to_regclass('earlybird.alert_claims') as tables`.execute(
    tx,
  );
  if (rows[0]?.tables) return;
  // Not "if not exists": that would ask for a right that is not needed once the schema is there.
  if (!rows[0]?.schema) await sql`create schema earlybird`.execute(tx);
  for (const statement of statements) await statement.execute(tx);
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
    resolved_at timestamptz
  )`,
];
