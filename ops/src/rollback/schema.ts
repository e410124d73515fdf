import { sql } from "kysely";
import { createOwnTables } from "../lib/own-tables.ts";
import type { Database } from "./change.ts";
import { writersLock } from "./locks.ts";

/**
 * Creates the engine's own tables where they are absent, in the schema `earlybird`.
 *
 * - `steps`: where each change stands, and up to which journal entry it was rolled back
 * - `applied_steps`: in one row, which of them are applied
 * - `operations`: what was asked for, by whom, and how far it came
 * - `ledger`: one entry an event, each carrying the hash of the one before; the database refuses changes to it
 * - `journal`: which rows were written while a step that concerns their table was rolled back
 * - `parked_<step>_<table>`: what a `rows` part took away
 * - `ids_<table>`: ids of both styles, of an `identifiers` part
 * - `kept_values`: what a re-apply found edited, and who won
 */
export const createEngineSchema = (db: Database): Promise<void> =>
  createOwnTables(db, [
    { table: "ledger", statements },
    { table: "applied_steps", statements: holdingSteps },
  ]);

const statements = [
  sql`create table earlybird.operations (
    id           bigint generated always as identity primary key,
    kind         text not null check (kind in ('apply', 'rollback', 'reapply')),
    steps        integer[] not null,
    state        text not null check (state in ('running', 'completed', 'failed', 'interrupted', 'aborted')),
    requested_by text not null,
    origin       text not null,
    reason       text,
    plan_hash    text,
    started_at   timestamptz not null,
    finished_at  timestamptz,
    receipts     jsonb not null default '[]',
    progress     jsonb,
    failure      jsonb
  )`,
  sql`create table earlybird.steps (
    step         integer primary key,
    name         text not null,
    state        text not null check (state in ('applied', 'rolled_back')),
    changed_at   timestamptz not null,
    journal_from bigint,
    ledger_seq   bigint not null,
    ledger_hash  text not null
  )`,
  sql`create table earlybird.ledger (
    seq       bigint primary key,
    prev_hash text not null,
    hash      text not null,
    entry     text not null
  )`,
  sql`create function earlybird.refuse_ledger_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the ledger is append-only' using errcode = 'insufficient_privilege';
    end $$`,
  sql`create trigger ledger_append_only before update or delete or truncate on earlybird.ledger
    for each statement execute function earlybird.refuse_ledger_change()`,
  sql`create sequence earlybird.journal_position`,
  // Counts rewritten rows for whoever watches: unlike rows, a sequence can be read before the commit.
  // Taken by the hundred: a number fetched for each row would cost as much as a join.
  sql`create sequence earlybird.rows_done cache 100`,
  sql`create table earlybird.journal (
    relation text not null,
    key      text not null,
    position bigint not null,
    primary key (relation, key)
  )`,
  // One function serves every table: its arguments are the table's name and its key column.
  sql`create function earlybird.journal_rows() returns trigger language plpgsql security definer as $$
    begin
      execute format(
        'insert into earlybird.journal (relation, key, position)
         select %L, w.%I::text, nextval(''earlybird.journal_position'') from written w
         on conflict (relation, key) do update set position = excluded.position',
        tg_argv[0], tg_argv[1]);
      return null;
    end $$`,
  sql`create table earlybird.kept_values (
    operation_id bigint not null references earlybird.operations (id),
    step         integer not null,
    relation     text not null,
    key          text not null,
    outcome      text not null,
    written      jsonb,
    parked       jsonb
  )`,
  sql`create index on earlybird.kept_values (operation_id)`,
];

/**
 * `hold_steps` holds off every swap until the transaction ends, and tells which steps are applied, as `19,20,21`;
 * null when there are none. Lock first, read second: one statement would read the snapshot taken before the wait
 * for the lock, the second one of a volatile function takes a new one. Each write of the service begins with it:
 * a function keeps its plans, and one row that is kept up to date is read in a third of the time of twelve.
 */
const holdingSteps = [
  sql`create table earlybird.applied_steps (steps text)`,
  sql`insert into earlybird.applied_steps
    select string_agg(step::text, ',' order by step) from earlybird.steps where state = 'applied'`,
  sql`create function earlybird.note_applied_steps() returns trigger language plpgsql as $$
    begin
      update earlybird.applied_steps
        set steps = (select string_agg(step::text, ',' order by step) from earlybird.steps where state = 'applied');
      return null;
    end $$`,
  sql`create trigger note_applied_steps after insert or update or delete on earlybird.steps
    for each statement execute function earlybird.note_applied_steps()`,
  sql`create function earlybird.hold_steps() returns text language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock_shared(${sql.lit(writersLock[0])}, ${sql.lit(writersLock[1])});
      return (select steps from earlybird.applied_steps);
    end $$`,
];
