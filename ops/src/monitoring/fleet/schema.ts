import { type Kysely, sql } from "kysely";
import { createPlatformTables } from "../../database/platform-tables.ts";

/**
 * Creates missing tables of the fleet in the schema `earlybird`.
 *
 * - `instances`: processes of the service, with their last heartbeat
 * - `metric_minutes`: requests per minute and instance, for each endpoint and for all together
 * - `metric_hours`: requests per hour, merged over all instances
 * - `metric_hours_due`: hours with new minutes that are not merged yet
 * - `gauge_minutes`, `gauge_hours`: numbers of the process and the database, in the same way
 */
export const createFleetTables = (db: Kysely<unknown>): Promise<void> =>
  createPlatformTables(db, [
    { table: "metric_minutes", statements: requestTables },
    { table: "gauge_minutes", statements: gaugeTables },
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
