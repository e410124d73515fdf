import { sql } from "kysely";

/** Requests for an approval and what became of each. `selected` is what was asked for, `steps` what it moves. */
export const approvals = [
  sql`create table earlybird.approvals (
    id              bigint generated always as identity primary key,
    action          text not null check (action in ('rollback', 'reapply', 'purge')),
    selected        integer[] not null,
    steps           integer[] not null,
    cascade         boolean not null,
    on_conflict     text not null,
    until           timestamptz,
    reason          text not null,
    plan_hash       text not null,
    acknowledge     text[] not null,
    asked_by        text not null,
    asker           text not null,
    origin          text not null,
    asked_at        timestamptz not null,
    expires_at      timestamptz not null,
    state           text not null check (state in ('asked', 'approved', 'used', 'withdrawn', 'expired')),
    approved_by     text,
    approved_at     timestamptz,
    approval_reason text,
    ended_by        text,
    ended_at        timestamptz,
    operation_id    bigint references earlybird.operations (id)
  )`,
  sql`create index on earlybird.approvals (expires_at) where state in ('asked', 'approved')`,
];

/** Moves that needed an approval and did without; raised_at is null until an alert is with those who tell people. */
export const overrides = [
  sql`create table earlybird.overrides (
    id            bigint generated always as identity primary key,
    action        text not null,
    steps         integer[] not null,
    reason        text not null,
    overridden_by text not null,
    origin        text not null,
    at            timestamptz not null,
    raised_at     timestamptz
  )`,
  sql`create index on earlybird.overrides (id) where raised_at is null`,
];
