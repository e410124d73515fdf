import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, preflightContext } from "../../../../test/support/preflight.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { createFleetTables } from "../../monitoring/fleet/schema.ts";
import type { PreflightContext } from "./index.ts";

let shelf: Shelf;
beforeAll(async () => {
  shelf = await createShelf();
});
afterAll(() => shelf?.drop());

const asking = (number: number, parts: Partial<PreflightContext> = {}) =>
  ask(number, preflightContext(shelf, parts));
const query = (text: string) => sql.raw(text).execute(shelf.db);

test("without a database, no check that asks one is GO", async () => {
  const context = preflightContext(shelf, { database: { unreachable: "ECONNREFUSED" } });
  delete context.steps;
  for (const number of [4, 5, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 22, 23, 24, 26, 32, 34])
    expect([number, (await ask(number, context)).verdict]).toEqual([number, "unknown"]);
  expect((await ask(31, { ...context, requiredSteps: [1] })).verdict).toBe("unknown");
});

test("without monitoring, its checks are unknown; then they compare with their limits", async () => {
  for (const number of [5, 8, 22, 23, 26, 34])
    expect([number, (await asking(number)).verdict]).toEqual([number, "unknown"]);
  await createFleetTables(shelf.db);
  expect((await asking(23)).verdict).toBe("unknown");
  const minute = (requests: number, errors: number) => `insert into earlybird.metric_minutes
    values ('(all)', '*', now() - interval '2 minutes', gen_random_uuid(), ${requests}, ${errors}, '{}', 1, 1, '')`;
  const gauge = (name: string, value: number) => `insert into earlybird.gauge_minutes
    values ('${name}', now() - interval '2 minutes', gen_random_uuid(), 1, ${value}, ${value})`;
  await query(minute(900, 5));
  await query(gauge("memory_bytes", 1_000_000));
  await query(gauge("event_loop_p99_ms", 30));
  expect(await asking(22)).toMatchObject({ verdict: "unknown", evidence: "900 requests in the last hour." });
  for (const number of [5, 23, 26]) expect([number, (await asking(number)).verdict]).toEqual([number, "go"]);
  await query(minute(200, 30));
  await query(gauge("memory_bytes", 9e15));
  await query(gauge("event_loop_p99_ms", 900));
  expect((await asking(22)).verdict).toBe("go");
  for (const number of [5, 23, 26])
    expect([number, (await asking(number)).verdict]).toEqual([number, "no_go"]);
});

test("two versions, or a clock that is off, are no fleet to release into", async () => {
  await createFleetTables(shelf.db);
  const instance = (version: string) =>
    query(`insert into earlybird.instances values (gen_random_uuid(), 'a', 1, '${version}', now(), now())`);
  await instance("1.0.0");
  expect(await asking(8)).toMatchObject({ verdict: "go" });
  const clock = { now: () => new Date(Date.now() + 5_000), monotonicMs: () => 0 };
  expect(await asking(8, { clock })).toMatchObject({
    verdict: "no_go",
    remedy: expect.stringContaining("NTP"),
  });
  await instance("1.1.0");
  expect((await asking(8)).evidence).toBe("The instances run 1.0.0 (1) and 1.1.0 (1).");
});

test("an open operation or release forbids another", async () => {
  expect((await asking(9)).verdict).toBe("go");
  await query("create table earlybird.releases (id text, state text)");
  await query("insert into earlybird.releases values ('r1', 'completed'), ('r2', 'planned')");
  expect((await asking(9)).verdict).toBe("go");
  await query("insert into earlybird.releases values ('r3', 'phase_10')");
  expect((await asking(9)).evidence).toBe("Release r3 is phase_10.");
  await query(`insert into earlybird.operations (kind, steps, state, requested_by, origin, started_at)
    values ('rollback', '{1}', 'interrupted', 'a', 'b', now())`);
  expect((await asking(9)).evidence).toMatch(/^Operation \d+ is interrupted/);
  await query("delete from earlybird.operations where state = 'interrupted'; drop table earlybird.releases");
});

test("space, connections, ping, checksums, transaction ids and replicas are read from the server", async () => {
  for (const number of [4, 10, 14, 18, 20, 24])
    expect([number, (await asking(number)).verdict]).toEqual([number, "go"]);
  const slow = {
    now: () => new Date(),
    monotonicMs: (
      (ms) => () =>
        (ms += 60)
    )(0),
  };
  expect((await asking(24, { clock: slow })).verdict).toBe("no_go");
});

test("checks of server figures refuse what exceeds their limits", async () => {
  // The figures come from views that a schema before pg_catalog can replace.
  const schema = `
    create schema strange;
    create view strange.pg_database as select datname, oid, '3'::xid as datfrozenxid from pg_catalog.pg_database;
    create function strange.age(xid) returns int language sql as 'select 1500000000';
    create function strange.pg_database_size(name) returns int8 language sql as 'select 9000000000000000';
    create view strange.pg_stat_database as select 2 as checksum_failures, 1000 as numbackends;
    create view strange.pg_stat_replication as select 'walreceiver' as application_name, 'streaming' as state,
      interval '20 seconds' as replay_lag;
    create view strange.pg_stat_archiver as select null as last_archived_wal, '0001' as last_failed_wal,
      now() as last_failed_time, null::timestamptz as last_archived_time;
    create function strange.current_setting(text) returns text language sql as
      'select case when $1 = ''archive_mode'' then ''on'' else pg_catalog.current_setting($1) end'`;
  await query(schema);
  expect((await asking(17)).verdict).toBe("unknown");
  await shelf.db.connection().execute(async (db) => {
    await sql`set search_path = strange, pg_catalog, public`.execute(db);
    for (const number of [4, 10, 14, 17, 18, 20])
      expect([number, (await asking(number, { database: { db } })).verdict]).toEqual([number, "no_go"]);
    await sql`reset search_path`.execute(db);
  });
  await query("drop schema strange cascade");
});

test("the ledger and the checks of the steps are verified", async () => {
  expect(await asking(11)).toMatchObject({
    verdict: "go",
    evidence: expect.stringContaining("the chain is intact"),
  });
  expect(await asking(12)).toMatchObject({ verdict: "go" });
  await query("update loans set title = 'Kim' where book_id = 1");
  expect(await asking(12)).toMatchObject({
    verdict: "no_go",
    evidence: expect.stringMatching(/^\d+ of \d+ checks fail: step/),
  });
  await query("alter table earlybird.ledger disable trigger ledger_append_only");
  await query("update earlybird.ledger set entry = entry || ' ' where seq = 1");
  expect(await asking(11)).toMatchObject({
    verdict: "no_go",
    evidence: expect.stringContaining("Entry 1 was edited"),
  });
});

test("a required step must be applied", async () => {
  expect((await asking(31)).verdict).toBe("go");
  expect(await asking(31, { requiredSteps: [1] })).toMatchObject({ verdict: "go" });
  expect(await asking(31, { requiredSteps: [99] })).toMatchObject({
    verdict: "no_go",
    evidence: "Not applied: step 99.",
  });
});

test("constraints that are not validated and invalid indexes are named", async () => {
  expect((await asking(13)).verdict).toBe("go");
  await query("alter table loans add constraint loans_odd check (id > 3) not valid");
  expect((await asking(13)).evidence).toBe("Not valid: loans.loans_odd.");
  await query("alter table loans drop constraint loans_odd");
});

test("amcheck passes on intact indexes of the copy, and names a damaged one", async () => {
  expect((await asking(15)).verdict).toBe("unknown");
  expect(await asking(15, { copy: { db: shelf.db } })).toMatchObject({ verdict: "go" });
  // An index whose function changed its answers is in the wrong order, as after a change of a collation.
  await query(`create function sorted(int) returns int immutable language sql as 'select $1';
    create index loans_sorted on loans (sorted(id));
    create or replace function sorted(int) returns int immutable language sql as 'select -$1'`);
  expect(await asking(15, { copy: { db: shelf.db } })).toMatchObject({
    verdict: "no_go",
    evidence: expect.stringContaining("loans_sorted"),
  });
  await query("drop index loans_sorted");
});

test("an old transaction is refused", async () => {
  expect((await asking(19)).verdict).toBe("go");
  await query(`create schema late; create view late.pg_stat_activity as
    select now() - interval '2 minutes' as xact_start, current_database() as datname, 'client backend' as backend_type`);
  await shelf.db.connection().execute(async (db) => {
    await sql`set search_path = late, pg_catalog`.execute(db);
    expect((await asking(19, { database: { db } })).verdict).toBe("no_go");
    await sql`reset search_path`.execute(db);
  });
});

test("a superuser is refused, an ordinary login on this machine is not", async () => {
  expect(await asking(32)).toMatchObject({
    verdict: "no_go",
    evidence: expect.stringContaining("is a superuser"),
  });
  await shelf.db.connection().execute(async (db) => {
    await sql`set role pg_monitor`.execute(db);
    expect(await asking(32, { database: { db } })).toMatchObject({ verdict: "go" });
    await sql`reset role`.execute(db);
  });
});

test("a firing or muted alert is named", async () => {
  await query(`create table earlybird.alert_history (type text, state text);
    create table earlybird.alert_mutes (type text, until timestamptz, ended_at timestamptz)`);
  expect((await asking(34)).verdict).toBe("go");
  await query(`insert into earlybird.alert_history values ('HIGH_CPU', 'firing'), ('HIGH_MEMORY', 'resolved');
    insert into earlybird.alert_mutes values ('API_TIMEOUT', '2999-01-01Z', null), ('HIGH_CPU', '2000-01-01Z', null)`);
  expect((await asking(34)).evidence).toBe("API_TIMEOUT is muted until 2999-01-01T00:00Z, HIGH_CPU fires.");
});
