import { sql } from "kysely";
import { createPlatformTables } from "../database/platform-tables.ts";
import { approvals, overrides } from "./approvals/tables.ts";
import { appendFunction } from "./audit/ledger-schema.ts";
import { followers } from "./behaviours/schema.ts";
import type { Database } from "./change/change.ts";
import { journalFunction } from "./database/journal-schema.ts";
import { expiry } from "./expiry/tables.ts";

/**
 * Creates the engine's own tables where they are absent, in the schema `earlybird`.
 *
 * - `steps`: the state of each change, up to which journal entry it was rolled back, and which tables it journals
 * - `applied_steps`: in one row, which of them are applied, and a version that grows with each move
 * - `followers`: which instances follow that, and up to which version
 * - `home`: in one row, the search path on which the service finds its tables
 * - `operations`: what was asked for, by whom, and how far it came
 * - `ledger`: one entry an event, each carrying the hash of the one before; the database refuses changes to it
 * - `journal`: which rows were written or deleted while a step that concerns their table was rolled back
 * - `parked_<step>_<table>`: what a `rows` part took away
 * - `own_indexes`: which indexes a change made, and what they were when a rollback dropped them
 * - `ids_<table>`: ids of both styles, of an `identifiers` part
 * - `approvals`: which moves wait for a second person, or have waited, and what became of each
 * - `overrides`: which moves were begun without the approval that they needed
 * - `kept_values`: what a re-apply found edited, and who won
 */
export const createEngineSchema = (db: Database): Promise<void> =>
  createPlatformTables(db, [
    { table: "ledger", statements },
    { table: "ledger", routine: "append_to_ledger", statements: appendFunction },
    { table: "applied_steps", statements: holdingSteps },
    { table: "journal", column: "removed_at", statements: journalOfDeletes },
    { table: "own_indexes", statements: ownIndexes },
    { table: "home", statements: home },
    { table: "followers", statements: followers },
    { table: "approvals", statements: approvals },
    { table: "overrides", statements: overrides },
    { table: "steps", column: "until", statements: expiry },
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
    state        text not null check (state in ('applied', 'rolled_back', 'installing')),
    changed_at   timestamptz not null,
    journal_from bigint,
    journals     text[],
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
  // Counts rewritten rows for progress reports: unlike rows, a sequence can be read before the commit.
  // Taken by the hundred: a number fetched for each row would cost as much as a join.
  sql`create sequence earlybird.rows_done cache 100`,
  // removed_at: the position at which a row with this key was last deleted; null when none was.
  sql`create table earlybird.journal (
    relation   text not null,
    key        text not null,
    position   bigint not null,
    removed_at bigint,
    primary key (relation, key)
  )`,
  ...journalFunction,
  sql`create table earlybird.kept_values (
    operation_id bigint not null references earlybird.operations (id),
    step         integer not null,
    relation     text not null,
    key          text not null,
    outcome      text not null,
    written      json,
    parked       json
  )`,
  sql`create index on earlybird.kept_values (operation_id)`,
  sql`create index on earlybird.kept_values (step, relation, key)`,
];

/** Upgrades the tables of a version whose journal knew no deletes. */
const journalOfDeletes = [
  sql`alter table earlybird.journal add column removed_at bigint`,
  sql`alter table earlybird.steps add column journals text[]`,
  sql`alter table earlybird.steps drop constraint steps_state_check,
    add constraint steps_state_check check (state in ('applied', 'rolled_back', 'installing'))`,
  // As json, which holds values four times as large as jsonb does.
  sql`alter table earlybird.kept_values alter written type json, alter parked type json`,
  sql`create index on earlybird.kept_values (step, relation, key)`,
  ...journalFunction,
];

/** One row that is kept up to date, for the functions that instances of the service call. */
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
];

const home = [
  sql`create table earlybird.home (one boolean primary key check (one), search_path text not null)`,
];

// made: the index of this name that is the change's, 0 for none; null while it is being built, and from then on.
const ownIndexes = [
  sql`create table earlybird.own_indexes (
    step       integer not null,
    name       text not null,
    relation   text not null,
    definition text,
    comment    text,
    tablespace text,
    clustered  boolean,
    statistics jsonb,
    made       oid,
    primary key (step, name)
  )`,
];
