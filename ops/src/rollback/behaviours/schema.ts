import { sql } from "kysely";
import { writersLock } from "../database/advisory-locks.ts";

/*
 * What an instance of the service calls. These functions run with their owner's rights, so that a service's role needs
 * nothing but `usage` on the schema and `execute` on them. Each names everything with its schema, or has its search path
 * pinned: nobody can put a function of theirs in between.
 */

/**
 * `hold_steps` holds off every swap until the transaction ends, and tells which steps are applied, as `19,20,21`;
 * null when there are none. Lock first, read second: one statement would read the snapshot taken before the wait
 * for the lock, the second one of a volatile function takes a new one, where the isolation level lets it. Each write of
 * the service begins with it: a function keeps its plans, one row that is kept up to date is read in a third of the time
 * of twelve, and a `set` clause would cost more than both.
 */
const holdSteps = sql`create or replace function earlybird.hold_steps() returns text
  language plpgsql volatile security definer as $$
  begin
    if pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.<>) 'read committed' then
      raise exception 'hold_steps needs the isolation level read committed'
        using errcode = '25001', hint = 'Begin the transaction with: begin isolation level read committed';
    end if;
    perform pg_catalog.pg_advisory_xact_lock_shared(${sql.lit(writersLock[0])}, ${sql.lit(writersLock[1])});
    return (select steps from earlybird.applied_steps);
  end $$`;

/** Whether this transaction holds the steps: whether `hold_steps` was called in it. */
const holdsSteps = sql`create function earlybird.holds_steps() returns boolean
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from pg_locks where pid = pg_backend_pid() and granted and locktype = 'advisory'
    and classid = ${sql.lit(writersLock[0])} and objid = ${sql.lit(writersLock[1])});
  $$`;

/** Upgrades the functions and tables of versions that had no followers. */
export const followers = [
  sql`create table earlybird.followers (
    instance   uuid primary key,
    name       text not null,
    version    bigint not null,
    seen_at    timestamptz not null,
    started_at timestamptz not null
  )`,
  sql`alter table earlybird.applied_steps add column version bigint not null default 0`,
  sql`create or replace function earlybird.note_applied_steps() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
    begin
      update earlybird.applied_steps set version = version + 1,
        steps = (select string_agg(step::text, ',' order by step) from earlybird.steps where state = 'applied');
      return null;
    end $$`,
  sql`create function earlybird.follow(instance uuid, name text, known bigint) returns table (steps text, version bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    #variable_conflict use_column
    begin
      select a.steps, a.version into follow.steps, follow.version from earlybird.applied_steps a;
      update earlybird.followers f set version = known, name = follow.name, seen_at = clock_timestamp()
        where f.instance = follow.instance;
      if not found then
        delete from earlybird.followers f where f.seen_at < clock_timestamp() - interval '1 day';
        insert into earlybird.followers (instance, name, version, seen_at, started_at)
          values (follow.instance, follow.name, known, clock_timestamp(), clock_timestamp());
      end if;
      return next;
    end $$`,
  sql`create function earlybird.unfollow(instance uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from earlybird.followers f where f.instance = unfollow.instance;
    $$`,
  holdSteps,
  holdsSteps,
  sql`alter function earlybird.refuse_ledger_change() set search_path = pg_catalog, pg_temp`,
  ...[
    "hold_steps()",
    "holds_steps()",
    "follow(uuid, text, bigint)",
    "unfollow(uuid)",
    "note_applied_steps()",
    "refuse_ledger_change()",
  ].map((name) => sql`revoke execute on function earlybird.${sql.raw(name)} from public`),
];
