import { type Kysely, sql } from "kysely";
import { createPlatformTables } from "../../database/platform-tables.ts";

/**
 * Creates missing tables of the fleet in the schema `earlybird`.
 *
 * - `instances`: each start of a process of the service, with its last heartbeat and its end
 * - `metric_minutes`: requests per minute and instance, for each endpoint and for all together
 * - `metric_hours`: requests per hour, merged over all instances
 * - `metric_hours_due`: hours with new minutes that are not merged yet
 * - `gauge_minutes`, `gauge_hours`: numbers of the process and the database, in the same way
 * - `error_minutes`: responses of 400 and more per minute and instance, by route, status, code and step
 * - `request_slices`: the requests of the last minutes, by intervals of seconds
 */
export const createFleetTables = (db: Kysely<unknown>): Promise<void> =>
  createPlatformTables(db, [
    { table: "metric_minutes", statements: requestTables },
    { table: "instances", column: "stopped_at", statements: instanceEnds },
    { table: "gauge_minutes", statements: gaugeTables },
    { table: "error_minutes", statements: errorTable },
    { table: "request_slices", statements: sliceTable },
  ]);

const requestTables = [
  sql`create table earlybird.instances (
    id         uuid primary key,
    host       text not null,
    pid        integer not null,
    version    text not null,
    started_at timestamptz not null,
    seen_at    timestamptz not null
  )`,
  sql`create table earlybird.metric_minutes (
    route       text not null,
    method      text not null,
    minute      timestamptz not null,
    instance_id uuid not null,
    requests    integer not null,
    errors      integer not null,
    statuses    integer[] not null,
    total_ms    double precision not null,
    max_ms      double precision not null,
    durations   bytea not null,
    primary key (route, method, minute, instance_id)
  )`,
  sql`create index on earlybird.metric_minutes (minute)`,
  sql`create table earlybird.metric_hours (
    route     text not null,
    method    text not null,
    hour      timestamptz not null,
    requests  integer not null,
    errors    integer not null,
    statuses  integer[] not null,
    total_ms  double precision not null,
    max_ms    double precision not null,
    durations bytea not null,
    primary key (route, method, hour)
  )`,
  sql`create index on earlybird.metric_hours (hour)`,
  sql`create table earlybird.metric_hours_due (hour timestamptz primary key)`,
];

/** An upgrade: before, a row was deleted when its process stopped. Null: it runs, or it did not stop cleanly. */
const instanceEnds = [
  sql`alter table earlybird.instances add column stopped_at timestamptz`,
  sql`create index on earlybird.instances (seen_at)`,
  sql`create index on earlybird.instances (started_at)`,
];

const gaugeTables = [
  sql`create table earlybird.gauge_minutes (
    gauge       text not null,
    minute      timestamptz not null,
    instance_id uuid not null,
    samples     integer not null,
    total       double precision not null,
    highest     double precision not null,
    primary key (gauge, minute, instance_id)
  )`,
  sql`create index on earlybird.gauge_minutes (minute)`,
  sql`create table earlybird.gauge_hours (
    gauge   text not null,
    hour    timestamptz not null,
    samples bigint not null,
    total   double precision not null,
    highest double precision not null,
    primary key (gauge, hour)
  )`,
];

const errorTable = [
  sql`create table earlybird.error_minutes (
    minute      timestamptz not null,
    instance_id uuid not null,
    route       text not null,
    method      text not null,
    status      integer not null,
    code        text not null,
    step        integer not null,
    count       integer not null,
    first_at    timestamptz not null,
    last_at     timestamptz not null,
    primary key (minute, instance_id, route, method, status, code, step)
  )`,
];

const sliceTable = [
  sql`create table earlybird.request_slices (
    instance_id uuid not null,
    began_at    timestamptz not null,
    ended_at    timestamptz not null,
    routes      jsonb not null,
    primary key (instance_id, began_at)
  )`,
];
