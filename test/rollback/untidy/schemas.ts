import {
  backfill,
  behaviour,
  type Change,
  columns,
  defineChange,
  identifiers,
  index,
  indexes,
  rows,
  table,
} from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

/** A service as it has grown: its schema, its changes, and what its plain SQL writers do. */
export interface Untidy {
  name: string;
  schema: string;
  changes: readonly Change[];
  /** One transaction of a writer; `n` counts them, `at` is a number from 1 to 400. */
  write: (n: number, at: number) => string;
  /** Rows that show a lost or altered write. */
  lost: string;
}

const declared = { requires: [], risk: "none" } as const;

/** Tenants in every key, mixed case, a generated column, a policy, a trigger that stamps, text ids referred to by pairs. */
const shopIds = identifiers({ items: { before: "item-", now: "itm_" } });
const shop: Untidy = {
  name: "a shop of many tenants",
  schema: `
    create table items (id text primary key, tenant integer not null, name text not null, unique (tenant, id));
    create table "Orders" (
      "tenantId" integer not null, "orderNo" integer not null, "itemId" text, state text not null, "stateBefore" text,
      memo integer not null default 0, "grossCents" bigint not null, "netCents" bigint generated always as ("grossCents" * 100 / 119) stored,
      touched timestamptz not null default now(),
      primary key ("tenantId", "orderNo"),
      foreign key ("tenantId", "itemId") references items (tenant, id) match simple on update cascade deferrable
    );
    create table "orderLines" (
      "tenantId" integer, "orderNo" integer, line integer, constraint "linesOfOrder" foreign key ("tenantId", "orderNo") references "Orders" on delete cascade,
      primary key ("tenantId", "orderNo", line)
    );
    create table shadow (tenant integer, number integer, memo integer, state text, primary key (tenant, number));
    create function touch() returns trigger language plpgsql as $$ begin new.touched = clock_timestamp(); return new; end $$;
    create trigger touch before insert or update on "Orders" for each row execute function touch();
    alter table "Orders" enable row level security;
    create policy own on "Orders" using ("tenantId" > 0);
    insert into items select 'item-' || lpad(n::text, 6, '0'), 1 + n % 2, 'thing ' || n from generate_series(1, 20) n;
    insert into "Orders" ("tenantId", "orderNo", "itemId", state, "stateBefore", "grossCents")
      select 1 + n % 2, n, 'item-' || lpad((1 + (n - 1) % 20)::text, 6, '0'), 'sent', 'new', n * 7 from generate_series(1, 400) n
      where (1 + (n - 1) % 20) % 2 = n % 2;
    insert into "orderLines" select "tenantId", "orderNo", 1 from "Orders";
    insert into shadow select "tenantId", "orderNo", 0, '' from "Orders"`,
  changes: [
    defineChange({
      ...declared,
      step: 1,
      name: "sent-at",
      title: "Orders know when they were sent",
      parts: [
        columns("Orders", { sentAt: { type: "date" }, firstItem: { type: "text", references: "items.id" } }),
        index("Orders", ["firstItem"]),
        backfill("Orders", "firstItem", { value: sql`this."itemId"` }),
        rows("Orders", {
          turned: sql`this.state = 'sent' and this."stateBefore" is not null`,
          undo: { state: sql`this."stateBefore"` },
          missed: {
            journals: ["orderLines"],
            rows: (written) =>
              sql`this.state = 'new' and (this."tenantId", this."orderNo") in (select a, b from ${written} w (a, b, c))`,
            set: { state: sql`'sent'`, stateBefore: sql`'new'` },
          },
        }),
      ],
    }),
    defineChange({ ...declared, step: 2, name: "item-ids", title: "Items have new ids", parts: [shopIds] }),
    defineChange({
      ...declared,
      step: 3,
      name: "state-index",
      title: "Orders are found by their state",
      parts: [indexes([{ table: "Orders", columns: ["state", "memo desc"] }])],
    }),
  ],
  write: (n, at) => {
    const order = `"tenantId" = ${1 + (at % 2)} and "orderNo" = ${at}`;
    const state = n % 5 === 0 ? ", state = 'edited'" : "";
    return `update "Orders" set memo = ${n}${state} where ${order};
      update shadow set memo = ${n}${state} where tenant = ${1 + (at % 2)} and number = ${at};`;
  },
  lost: `select * from "Orders" o full join shadow s on s.tenant = o."tenantId" and s.number = o."orderNo"
    where o.memo is distinct from s.memo or (s.state = 'edited' and o.state <> 'edited')
      or o."netCents" is distinct from o."grossCents" * 100 / 119`,
};

/** Partitions written to directly, no foreign keys, keys that are dates, json and points, a sequence of its own. */
const telemetry: Untidy = {
  name: "telemetry in partitions",
  schema: `
    set datestyle = 'SQL, DMY';
    create table readings (
      day date not null, sensor integer not null, memo integer not null default 0, raw json not null, place point, quality text,
      primary key (day, sensor)
    ) partition by range (day);
    create table readings_1 partition of readings for values from ('01/01/2026') to ('01/07/2026');
    create table readings_2 partition of readings for values from ('01/07/2026') to ('01/01/2027') partition by list (sensor);
    create table readings_2a partition of readings_2 for values in (1, 2);
    create table readings_2b partition of readings_2 default;
    create table shadow (day date, sensor integer, memo integer, quality text, primary key (day, sensor));
    insert into readings (day, sensor, raw, place, quality)
      select date '2026-01-01' + n % 360, n, '{"v":  1.50}', point(n, 2), 'good' from generate_series(1, 400) n;
    insert into shadow select day, sensor, 0, '' from readings`,
  changes: [
    defineChange({
      ...declared,
      step: 1,
      name: "calibrated",
      title: "Readings are calibrated",
      parts: [
        columns("readings", { calibrated: { type: "json" }, quality_before: { type: "text" } }),
        backfill("readings", "calibrated", { value: sql`json_build_object('v', this.sensor)` }),
      ],
    }),
    defineChange({
      ...declared,
      step: 2,
      name: "marked",
      title: "Good readings are marked",
      requires: [1],
      parts: [
        rows("readings", {
          turned: sql`this.quality = 'good'`,
          undo: { quality: sql`null`, place: sql`null`, raw: sql`'{"v": 1.5}'` },
          missed: { journals: [], rows: () => sql`false`, set: { quality: sql`'good'` } },
        }),
        behaviour("marked"),
      ],
    }),
    defineChange({
      ...declared,
      step: 3,
      name: "calibrations",
      title: "Calibrations are kept",
      parts: [table("calibrations", "id bigint generated always as identity primary key, day date not null")],
    }),
  ],
  write: (n, at) => {
    const day = `date '2026-01-01' + ${at % 360}`;
    // The partition itself, as loaders do.
    const partition = at % 360 < 181 ? "readings_1" : at <= 2 ? "readings_2a" : "readings_2b";
    const quality = n % 5 === 0 ? ", quality = 'edited'" : "";
    return `set local datestyle = 'SQL, MDY';
      update ${n % 2 === 0 ? partition : "readings"} set memo = ${n}${quality} where day = ${day} and sensor = ${at};
      update shadow set memo = ${n}${quality} where day = ${day} and sensor = ${at};`;
  },
  lost: `select * from readings r full join shadow s using (day, sensor)
    where r.memo is distinct from s.memo or (s.quality = 'edited' and r.quality is distinct from 'edited')`,
};

/** Deferrable keys, a constraint trigger at the commit, a self reference, identity keys, deletes and inserts. */
const bank: Untidy = {
  name: "a bank that checks at the commit",
  schema: `
    create table accounts (id bigint generated always as identity primary key, parent bigint references accounts deferrable initially deferred, owner text not null);
    create table bookings (
      id integer primary key, account_id bigint not null references accounts on delete cascade deferrable initially deferred,
      amount numeric(12, 2) not null, state text not null, state_before text, memo integer not null default 0,
      position integer, unique (account_id, position) deferrable initially deferred
    );
    create table shadow (id integer primary key, memo integer, state text);
    create function balanced() returns trigger language plpgsql as $$
      begin if new.amount is null then raise exception 'no amount'; end if; return null; end $$;
    create constraint trigger balanced after insert or update on bookings deferrable initially deferred
      for each row execute function balanced();
    insert into accounts (owner) select 'owner ' || n from generate_series(1, 20) n;
    update accounts set parent = id - 1 where id > 1;
    insert into bookings select n, 1 + n % 20, n * 1.10, 'booked', 'noted', 0, n from generate_series(1, 400) n;
    insert into shadow select id, 0, '' from bookings`,
  changes: [
    defineChange({
      ...declared,
      step: 1,
      name: "account-of-record",
      title: "Bookings know their account of record",
      parts: [
        columns("bookings", { record_id: { type: "bigint", references: "accounts.id" } }),
        index("bookings", ["record_id"]),
        backfill("bookings", "record_id", {
          value: sql`(select coalesce(a.parent, a.id) from accounts a where a.id = this.account_id)`,
        }),
      ],
    }),
    defineChange({
      ...declared,
      step: 2,
      name: "booked",
      title: "Noted bookings are booked",
      requires: [1],
      parts: [
        rows("bookings", {
          turned: sql`this.state = 'booked' and this.state_before is not null`,
          undo: { state: sql`this.state_before`, amount: sql`this.amount + 0.01` },
          missed: {
            journals: ["bookings"],
            rows: (written) => sql`this.state = 'noted' and this.record_id is null and this.id in ${written}`,
            set: { state: sql`'booked'`, state_before: sql`'noted'` },
          },
        }),
      ],
    }),
  ],
  write: (n, at) => {
    if (n % 7 === 0)
      return `delete from bookings where id = ${at}; delete from shadow where id = ${at};
        insert into bookings values (${at}, ${1 + (at % 20)}, 1.00, 'edited', null, ${n}, ${at}); insert into shadow values (${at}, ${n}, 'edited');`;
    const state = n % 5 === 0 ? ", state = 'edited'" : "";
    return `select * from bookings where id = ${at}; update bookings set memo = ${n}${state} where id = ${at};
      update shadow set memo = ${n}${state} where id = ${at};`;
  },
  lost: `select * from bookings b full join shadow s using (id)
    where b.memo is distinct from s.memo or (s.state = 'edited' and b.state <> 'edited')`,
};

export const untidySchemas: readonly Untidy[] = [shop, telemetry, bank];
