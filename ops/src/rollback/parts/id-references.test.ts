import { createPool } from "@earlybird-ops/platform/database";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import type { Database } from "../change/change.ts";
import { defineChange } from "../change/define-change.ts";
import { parseSteps } from "../change/step-range.ts";
import { RollbackManager } from "../manager.ts";
import { fingerprint } from "../preview/fingerprint.ts";
import { identifiers } from "./identifiers.ts";
import { table } from "./table.ts";

const asked = { requestedBy: "ada", origin: "test" };
const nothing = { requires: [], risk: "none" } as const;
const changes = [
  defineChange({
    ...nothing,
    step: 1,
    name: "returns",
    title: "Orders can be returned",
    parts: [table("returns", `id integer primary key, "Order" text not null references "Orders" (id)`)],
  }),
  defineChange({
    ...nothing,
    step: 2,
    name: "new-ids",
    title: "Ids are UUIDs",
    parts: [identifiers({ Orders: { before: "order-", now: "ord_" } })],
  }),
];

/** An untidy schema: tenants' keys, shared primary keys, self references, partitions, upper case, other schemas. */
const schema = `
  create schema "Back Office";
  create table registry (id text collate "C" primary key, kind text not null);
  create table "Orders" (
    id text primary key references registry (id), tenant integer not null, "Parent" text, note varchar,
    unique (tenant, id),
    constraint "Parent of" foreign key ("Parent") references "Orders" (id) deferrable initially deferred);
  comment on constraint "Parent of" on "Orders" is 'an order that this one repeats';
  create table lines (
    tenant integer, order_id text, line integer, primary key (order_id, line),
    foreign key (tenant, order_id) references "Orders" (tenant, id) match full on update cascade on delete cascade);
  create table details (
    "Order" text primary key references "Orders" (id) on delete cascade,
    copy text generated always as ("Order") stored unique);
  create table "Back Office".notes (id integer primary key, detail text references details ("Order") on delete set null);
  create table "Back Office"."By copy" (id integer primary key, copy text references details (copy));
  create table events (day date, order_id text references "Orders" (id), id integer, primary key (day, id))
    partition by range (day);
  create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
  create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
  create table remarks (tenant integer, order_id text, remark text,
    foreign key (tenant, order_id) references "Orders" (tenant, id));
  create table legacy (order_id text);

  insert into registry values ('order-000041', 'order'), ('order-000042', 'order'), ('invoice-7', 'invoice');
  insert into "Orders" values ('order-000041', 7, null), ('order-000042', 8, 'order-000041');
  insert into lines values (7, 'order-000041', 1), (7, 'order-000041', 2), (8, 'order-000042', 1);
  insert into details values ('order-000041'), ('order-000042');
  insert into "Back Office".notes values (1, 'order-000041'), (2, null);
  insert into "Back Office"."By copy" values (1, 'order-000042');
  insert into events values ('2025-05-05', 'order-000041', 1), ('2026-05-05', 'order-000042', 2);
  insert into remarks values (7, 'order-000041', 'held'), (null, 'order-000041', 'not held'), (null, 'order-9', 'to nothing');
  insert into legacy values ('order-000041'), ('order-888888');
  alter table legacy add constraint old foreign key (order_id) references "Orders" (id) not valid`;

const everyRow = `
  select 'order' as kind, (o.tenant, o."Parent" = p.id)::text as row from "Orders" o left join "Orders" p on p.tenant = 7 and o.tenant = 8
  union all select 'registered', kind || (o.id is not null) from registry r left join "Orders" o on o.id = r.id
  union all select 'line', (o.tenant, l.tenant, line)::text from lines l left join "Orders" o on o.id = l.order_id
  union all select 'detail', o.tenant::text from details d left join "Orders" o on o.id = d."Order" and o.id = d.copy
  union all select 'note', (n.id, o.tenant)::text from "Back Office".notes n left join "Orders" o on o.id = n.detail
  union all select 'copy', (c.id, o.tenant)::text from "Back Office"."By copy" c left join "Orders" o on o.id = c.copy
  union all select 'event', (e.id, o.tenant)::text from events e left join "Orders" o on o.id = e.order_id
  union all select 'remark', (remark, o.tenant)::text from remarks r left join "Orders" o on o.id = r.order_id
  union all select 'legacy', coalesce(o.tenant::text, order_id) from legacy l left join "Orders" o on o.id = l.order_id
  order by 1, 2`;

const newId = /^ord_[0-9a-f]{8}-[0-9a-f]{4}-7/;

let database: TestDatabase;
let db: Database;
let pool: pg.Pool;
let manager: RollbackManager;
let role: string | undefined;

const rows = async (query: string) => (await database.pool.query(query)).rows;

describe.each(["a superuser", "an owner without superuser"])("as %s", (who) => {
  beforeEach(async () => {
    database = await createTestDatabase();
    db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
    const name = new URL(database.url).pathname.slice(1);
    role = who === "a superuser" ? undefined : `plain_${name}`;
    if (role) {
      await database.pool.query(
        `create role ${role}; grant create on database ${name} to ${role}; grant all on schema public to ${role}`,
      );
    }
    pool = createPool(database.url, role ? { options: `-c role=${role}` } : {});
    await pool.query(schema);
    manager = new RollbackManager({ pool, changes, log: quiet });
  });
  afterEach(async () => {
    await pool.end();
    if (role) await database.pool.query(`drop owned by ${role} cascade; drop role ${role}`);
    await database.drop();
  });

  test("every reference follows: of several columns, of a reference, in partitions, other schemas, upper case", async () => {
    const related = await rows(everyRow);
    await manager.install(asked);
    await pool.query(`insert into returns select 1, id from "Orders" where tenant = 7`);
    for (const { id } of await rows(`select id from "Orders"`)) expect(id).toMatch(newId);
    expect(await rows(everyRow)).toEqual(related);
    await manager.rollbackStep(2, asked);
    expect(await rows(`select id from "Orders" order by id`)).toEqual([
      { id: "order-000041" },
      { id: "order-000042" },
    ]);
    expect(await rows(everyRow)).toEqual(related);
    expect(await rows(`select "Order" from returns`)).toEqual([{ Order: "order-000041" }]);
  });

  test("writers are kept from every table that holds ids before anything is read, in one order", async () => {
    await manager.install(asked);
    const { steps } = await manager.rollbackStep(2, asked);
    expect(steps[0]?.locks.map(({ table, mode }) => [table, mode])).toEqual(
      [
        "Back Office.By copy",
        "Back Office.notes",
        "Orders",
        "details",
        "events",
        "legacy",
        "lines",
        "registry",
        "remarks",
        "returns",
      ].map((table) => [table, "SHARE ROW EXCLUSIVE"]),
    );
  });

  test("references in a rolled back table are also rewritten", async () => {
    await manager.install(asked);
    await pool.query(`insert into returns select 1, id from "Orders" where tenant = 7`);
    await manager.rollbackStep(1, asked);
    await manager.rollbackStep(2, asked);
    expect(await rows(`select "Order" from earlybird_parked.returns`)).toEqual([{ Order: "order-000041" }]);
    await manager.reapplyStep(1, asked);
    await manager.reapplyStep(2, asked);
    expect(await rows(`select tenant from returns r join "Orders" o on o.id = r."Order"`)).toEqual([
      { tenant: 7 },
    ]);
  });

  test("rollback and re-apply restore every row and key, including comments and unvalidated keys", async () => {
    const keys = `select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')
      from pg_constraint where contype = 'f' and connamespace <> to_regnamespace('earlybird') is not false and conrelid::regclass::text <> 'returns' order by 1, 2`;
    const keysBefore = await rows(keys);
    await manager.install(asked);
    expect(await rows(keys)).toEqual(keysBefore);
    const before = await fingerprint(db);
    await manager.rollbackStep(2, asked);
    expect(await rows(keys)).toEqual(keysBefore);
    await manager.reapplyStep(2, asked);
    expect(await rows(keys)).toEqual(keysBefore);
    expect(await fingerprint(db)).toEqual(before);
    expect(await manager.prove(parseSteps("2", manager.steps), asked)).toMatchObject({
      proven: true,
      differences: [],
    });
  });
});
