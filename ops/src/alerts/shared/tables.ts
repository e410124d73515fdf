import { type Kysely, sql } from "kysely";

/** Part of the key of an advisory lock: several instances create the tables at the same moment. */
const lockClass = 0x0a1e27;

/** Creates the tables of alerts where they are absent. */
export const createAlertTables = async (db: Kysely<unknown>): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(lockClass)}, 0)`.execute(tx);
    await sql`create schema if not exists earlybird`.execute(tx);
    await sql`
      create table if not exists earlybird.alert_history (
        id text primary key,
        type text not null,
        key text not null,
        severity text not null,
        state text not null,
        message text not null,
        details jsonb not null,
        fired_at timestamptz not null,
        resolved_at timestamptz,
        instance text not null,
        decisions jsonb not null,
        attempts jsonb not null,
        saved_at timestamptz not null default clock_timestamp())`.execute(tx);
    await sql`create index if not exists alert_history_fired on earlybird.alert_history (fired_at, id)`.execute(
      tx,
    );
    await sql`create index if not exists alert_history_saved on earlybird.alert_history (saved_at)`.execute(
      tx,
    );
    await sql`
      create table if not exists earlybird.alert_mutes (
        id text primary key,
        type text not null,
        author text not null,
        reason text,
        muted_at timestamptz not null,
        until timestamptz not null,
        ended_at timestamptz,
        ended_by text)`.execute(tx);
    await sql`
      create table if not exists earlybird.alert_claims (
        fingerprint text primary key,
        alert text not null,
        instance text not null,
        fired_at timestamptz not null,
        claimed_at timestamptz not null,
        told_at timestamptz,
        seen_at timestamptz not null,
        resolved_at timestamptz)`.execute(tx);
  });
};
