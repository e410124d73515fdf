import { createPool } from "@earlybird-ops/platform/database";
import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import type { Database } from "../change/change.ts";
import { createEngineSchema } from "../schema.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";

let database: TestDatabase;
let db: Database;
let role: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  role = `plain_${new URL(database.url).pathname.slice(1)}`;
  await database.pool.query(`
    create role ${role};
    create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create type colour as enum ('red', 'blue');
    create table "Things" (id integer primary key, name text, spot point, doc json, exact jsonb, bytes bytea, price numeric,
      label text collate caseless, code char(5), colour colour, twice integer generated always as (id * 2) stored, tags text[]);
    insert into "Things" values (1, 'a', '(1,2)', '{"a":1}', '{"a":1}', '\\x00', 1.0, 'A', 'x', 'red', default, '{a,b}'),
      (2, 'b', '(1,2)', '{"a":1}', '{"a":1}', '\\x00', 1.0, 'A', 'x', 'red', default, '{a,b}');
    create unique index things_name on "Things" (name);
    alter table "Things" alter name set not null;
    create function touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger touched before update on "Things" for each row execute function touch();
    create policy seen on "Things" using (id > 0);
    create view seen_things as select id, name from "Things";
    create materialized view counted as select count(*) from "Things";
    create rule kept as on delete to "Things" where old.id = 1 do instead nothing;
    create statistics of_things on name, code from "Things";
    create sequence numbers;
    create publication sent for table "Things"`);
  await createEngineSchema(db);
});
afterAll(async () => {
  await database.pool.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
});

/** The fingerprints before a statement and after it, in a transaction that is rolled back. */
const aroundStatement = (statement: string): Promise<[Fingerprint, Fingerprint]> =>
  db.connection().execute(async (session) => {
    await sql`begin`.execute(session);
    // The tests' role has the name of the engine's schema, which would come first.
    await sql`set local search_path = public`.execute(session);
    try {
      const before = await fingerprint(session);
      await sql.raw(statement.replaceAll("$role", role)).execute(session);
      return [before, await fingerprint(session)];
    } finally {
      await sql`rollback`.execute(session);
    }
  });

test.each([
  ["text", "name = 'A'"],
  ["a point", "spot = '(2,1)'"],
  ["json in its spelling", `doc = '{"a": 1}'`],
  ["jsonb in its numbers", `exact = '{"a":1.0}'`],
  ["bytes", "bytes = '\\x01'"],
  ["bytes to null", "bytes = null"],
  ["a number in its digits", "price = 1.00"],
  ["text that its collation holds equal", "label = 'a'"],
  ["padded text", "code = 'y'"],
  ["an enum", "colour = 'blue'"],
  ["an array", "tags = '{\"a,b\"}'"],
  ["text to null", "label = null"],
  ["text to nothing", "label = ''"],
])("a value that changes is noticed: %s", async (_what, change) => {
  const [before, after] = await aroundStatement(`update "Things" set ${change} where id = 1`);
  expect(after.schema).toBe(before.schema);
  expect(after.tables['"Things"']?.hash).not.toBe(before.tables['"Things"']?.hash);
  expect(after.hash).not.toBe(before.hash);
});

test.each([
  ["a view", 'create or replace view seen_things as select id, upper(name) as name from "Things"'],
  ["a materialized view", "drop materialized view counted"],
  ["a policy", 'alter policy seen on "Things" using (id > 1)'],
  ["who a policy is for", 'alter policy seen on "Things" to $role'],
  ["row security", 'alter table "Things" enable row level security'],
  ["forced row security", 'alter table "Things" force row level security'],
  [
    "what a trigger does",
    "create or replace function touch() returns trigger language plpgsql as 'begin return old; end'",
  ],
  [
    "when a trigger fires",
    'create or replace trigger touched after update on "Things" for each row execute function touch()',
  ],
  ["whether a trigger fires", 'alter table "Things" disable trigger touched'],
  ["a rule", 'drop rule kept on "Things"'],
  ["statistics", "drop statistics of_things"],
  ["a comment on a table", `comment on table "Things" is 'all'`],
  ["a comment on a column", `comment on column "Things".name is 'a name'`],
  ["a comment on a constraint", `comment on constraint "Things_pkey" on "Things" is 'a key'`],
  ["a grant on a table", 'grant select on "Things" to $role'],
  ["a grant on a column", 'grant update (name) on "Things" to $role'],
  ["a grant on a function", "revoke execute on function touch() from public"],
  ["an owner", 'alter table "Things" owner to $role'],
  ["replica identity", 'alter table "Things" replica identity full'],
  ["replica identity by an index", 'alter table "Things" replica identity using index things_name'],
  ["a publication", 'alter publication sent drop table "Things"'],
  ["what is published", "alter publication sent set (publish = 'insert')"],
  ["a default", 'alter table "Things" alter name set default 1'],
  ["an identity column", 'alter table "Things" alter id add generated always as identity'],
  ["a column's storage", 'alter table "Things" alter name set storage external'],
  ["storage options", 'alter table "Things" set (fillfactor = 50)'],
  ["a sequence's steps", "alter sequence numbers increment 2"],
  ["an enum's values", "alter type colour rename value 'blue' to 'green'"],
  ["an index", "drop index things_name"],
])("what hangs on a table and changes is noticed: %s", async (_what, statement) => {
  const [before, after] = await aroundStatement(statement);
  expect(after.tables).toEqual(before.tables);
  expect(after.schema).not.toBe(before.schema);
});

test.each([
  [
    "a grant that is revoked and given again",
    `grant select (name), update (id) on "Things" to $role;
    revoke select (name) on "Things" from $role; revoke update (id) on "Things" from $role`,
  ],
  [
    "rows in another order",
    `delete from "Things" where id = 2; insert into "Things" (id, name, spot, doc, exact, bytes, price, label, code, colour, tags)
    values (2, 'b', '(1,2)', '{"a":1}', '{"a":1}', '\\x00', 1.0, 'A', 'x', 'red', '{a,b}')`,
  ],
  ["a number that was taken from a sequence", "select nextval('numbers')"],
])("what changes nothing is not noticed: %s", async (_what, statement) => {
  const [before, after] = await aroundStatement(statement);
  expect(after).toEqual(before);
});

test("the order of columns does not matter, and every row counts once in tables that inherit or are partitioned", async () => {
  const [, one] = await aroundStatement(`
    create table turned (a integer, b text); insert into turned values (1, 'x');
    create table parent (a integer); create table child () inherits (parent);
    insert into parent values (1); insert into child values (2), (3);
    create table parted (a integer) partition by list (a); create table part_1 partition of parted for values in (1);
    insert into parted values (1)`);
  const [, other] = await aroundStatement(
    "create table turned (b text, a integer); insert into turned values ('x', 1)",
  );
  expect(one.tables.turned).toEqual(other.tables.turned);
  const counted = Object.entries(one.tables).map(([name, { rows }]) => [name, rows]);
  expect(counted).toEqual([
    ['"Things"', 2],
    ["child", 2],
    ["parent", 1],
    ["parted", 1],
    ["turned", 1],
  ]);
});

test("values can have the maximum size of PostgreSQL", async () => {
  const [, { tables }] = await aroundStatement(`create table large (bytes bytea, words text);
    insert into large select convert_to(repeat(repeat('x', 1000), 270000), 'UTF8'), repeat(repeat('"', 1000), 270000)`);
  expect(tables.large?.rows).toBe(1);
}, 120_000);

describe("as a role that is not a superuser", () => {
  const asPlain = async (work: (plain: Database) => Promise<void>) => {
    const pool = createPool(database.url, { options: `-c role=${role}` });
    await work(new Kysely({ dialect: new PostgresDialect({ pool }) }));
    await pool.end();
  };

  test("rows that row security hides are refused, not left out", async () => {
    await database.pool.query(`grant usage on schema earlybird to ${role}; grant select on earlybird.steps to ${role};
      create table public.secret (id integer); alter table secret owner to ${role};
      alter table secret enable row level security; insert into secret values (1)`);
    await asPlain(async (plain) => {
      expect((await fingerprint(plain)).tables.secret?.rows).toBe(1);
      await database.pool.query("alter table secret force row level security");
      await expect(fingerprint(plain)).rejects.toMatchObject({
        code: "EB_ROWS_HIDDEN",
        exitStatus: 4,
        detail: expect.stringContaining("secret"),
        remedy: expect.stringContaining("alter table secret no force row level security"),
      });
    });
    await database.pool.query("drop table secret");
  });

  test("other owners' tables that it may not read are left out", async () => {
    await asPlain(async (plain) => expect(Object.keys((await fingerprint(plain)).tables)).toEqual([]));
  });
});
