import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { systemClock } from "../../core/clock.ts";
import { createPool } from "../../database/index.ts";
import { Changes } from "./active-behaviours.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice", acknowledge: ["no rules"] };
let shelf: Shelf;
let proxy: TcpProxy;
let through: pg.Pool;
beforeEach(async () => {
  shelf = await createShelf();
  proxy = await startTcpProxy(Number(new URL(shelf.url).port));
  through = createPool(proxy.through(shelf.url));
});
afterEach(async () => {
  proxy.thaw();
  await through.end();
  await proxy.close();
  await shelf.drop();
});

const follow = async (pool: pg.Pool, clock = systemClock) => {
  const changes = new Changes({ changes: shelfChanges, pool, log: quiet, clock });
  await changes.start();
  return changes;
};

describe("with a connection that stops responding", () => {
  test("what is applied is unknown within three seconds, and then everything is on; it is known again after", async () => {
    await shelf.manager.rollbackStep(3, asked);
    const changes = await follow(through);
    expect(changes.active.has("strict")).toBe(false);
    proxy.freeze();
    const { steps } = await shelf.manager.reapplyStep(3, asked);
    expect(changes.active.has("strict")).toBe(true);
    expect(steps[0]?.followers).toMatchObject({
      living: 1,
      following: 0,
      last_after_ms: null,
      missing: [expect.stringContaining(`pid ${process.pid}`)],
    });
    await shelf.manager.rollbackStep(3, asked);
    expect(changes.active.has("strict")).toBe(true);
    proxy.thaw();
    await expect.poll(() => changes.active.has("strict")).toBe(false);
    await changes.stop();
  });

  test("an instance still stops", async () => {
    const changes = await follow(through);
    proxy.freeze();
    const startMs = performance.now();
    await changes.stop();
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });

  test("the end of a lease does not depend on timers", async () => {
    await shelf.manager.rollbackStep(3, asked);
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const changes = await follow(through, clock);
    expect(changes.active.has("strict")).toBe(false);
    aheadMs = 2_900;
    expect(changes.active.has("strict")).toBe(false);
    aheadMs = 3_500;
    expect(changes.active.has("strict")).toBe(true);
    await changes.stop();
  });
});

describe("a move", () => {
  test("waits until every living instance follows, and reports it", async () => {
    const instances = [await follow(shelf.pool), await follow(shelf.pool), await follow(through)];
    const { steps } = await shelf.manager.rollbackStep(3, asked);
    for (const changes of instances) expect(changes.active.has("strict")).toBe(false);
    expect(steps[0]?.followers).toEqual({
      living: 3,
      following: 3,
      last_after_ms: expect.any(Number),
      missing: [],
    });
    expect(steps[0]?.followers?.last_after_ms).toBeLessThan(3_000);
    const [last] = await shelf.manager.listOperations(1);
    const { receipts } = await shelf.manager.getOperationDetails(last?.id ?? "");
    expect(receipts[0]?.followers).toMatchObject({ living: 3, following: 3 });
    const { followers } = await shelf.manager.getOverview();
    expect(followers.map(({ following }) => following)).toEqual([true, true, true]);
    expect(
      (await shelf.manager.dryRun("reapply", { steps: [3], range: false })).steps[0]?.followers,
    ).toBeNull();
    for (const changes of instances) await changes.stop();
    expect((await shelf.manager.getOverview()).followers).toEqual([]);
    expect((await shelf.manager.reapplyStep(3, asked)).steps[0]?.followers).toBeNull();
  });

  test("waits no longer than the lease of an instance that does not answer, and names it", async () => {
    const silent = await follow(through);
    const other = await follow(shelf.pool);
    proxy.freeze();
    const startMs = performance.now();
    const { steps } = await shelf.manager.rollbackStep(3, asked);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(steps[0]?.followers).toMatchObject({ living: 2, following: 1, missing: [expect.any(String)] });
    expect(silent.active.has("strict")).toBe(true);
    expect(other.active.has("strict")).toBe(false);
    const { followers } = await shelf.manager.getOverview();
    expect(followers.filter(({ following }) => !following)).toHaveLength(1);
    proxy.thaw();
    await silent.stop();
    await other.stop();
  });
});

describe("a role of the service's own", () => {
  test("needs the schema and four functions, and can do no more", async () => {
    const role = `server_${Date.now()}`;
    await shelf.pool.query(`create role ${role} login password 's';
      grant usage on schema earlybird to ${role};
      grant execute on function earlybird.hold_steps(), earlybird.holds_steps(),
        earlybird.follow(uuid, text, bigint), earlybird.unfollow(uuid) to ${role};
      grant select, insert on loans to ${role}`);
    const url = new URL(shelf.url);
    url.username = role;
    url.password = "s";
    const pool = createPool(url.href);
    try {
      const changes = await follow(pool);
      await shelf.manager.rollbackStep(2, asked);
      expect(changes.active.has("lost-loans")).toBe(false);
      await changes.transaction(async (_tx, active) => expect(active.has("lost-loans")).toBe(false));
      const client = await pool.connect();
      await client.query("begin");
      expect((await changes.hold(client)).has("lost-loans")).toBe(false);
      await client.query("commit");
      client.release();
      await changes.stop();
      await expect(pool.query("select steps from earlybird.applied_steps")).rejects.toThrow(
        /permission denied/,
      );
      await expect(pool.query("select earlybird.journal_rows()")).rejects.toThrow(/permission denied/);
    } finally {
      await pool.end();
      await shelf.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test("every function of the engine is closed to the public, and pinned or free of unqualified names", async () => {
    const { rows } = await shelf.pool.query<{ name: string }>(`
      select p.proname as name from pg_proc p where p.pronamespace = 'earlybird'::regnamespace
        and (has_function_privilege('public', p.oid, 'execute')
          or (p.proname <> 'hold_steps' and not coalesce(array_to_string(p.proconfig, ',') like '%search_path=pg_catalog, pg_temp%', false)))`);
    expect(rows).toEqual([]);
  });
});

describe("a writer", () => {
  test("sees the behaviour off after the rollback it waited for, whatever isolation its role defaults to", async () => {
    const { pathname } = new URL(shelf.url);
    await shelf.pool.query(
      `alter database ${pathname.slice(1)} set default_transaction_isolation = 'repeatable read'`,
    );
    const pool = createPool(shelf.url);
    const changes = await follow(pool);
    const mover = await shelf.pool.connect();
    await mover.query("begin; select pg_advisory_xact_lock(19301, 1)");
    const seen = changes.transaction(async (_tx, active) => active.has("strict"));
    await sleep(100);
    await mover.query("update earlybird.steps set state = 'rolled_back' where step = 3; commit");
    mover.release();
    expect(await seen).toBe(false);
    await changes.stop();
    await pool.end();
  });

  test("that prepared a select of all columns before a swap goes on after it", async () => {
    const changes = await follow(shelf.pool);
    // As what keeps prepared statements does: on each connection once.
    const readAll = async (db: Kysely<unknown>) => {
      const { rows } = await sql`select from pg_prepared_statements where name = 'all_loans'`.execute(db);
      if (rows.length === 0) await sql.raw("prepare all_loans as select * from loans").execute(db);
      return (await sql.raw("execute all_loans").execute(db)).rows.length;
    };
    const before = await Promise.all(Array.from({ length: 5 }, () => changes.transaction(readAll)));
    expect(new Set(before)).toEqual(new Set([12]));
    await shelf.manager.rollbackStep(2, asked);
    const after = await Promise.all(Array.from({ length: 5 }, () => changes.transaction(readAll)));
    expect(new Set(after)).toEqual(new Set([12]));
    await changes.stop();
  });

  test("of any client holds the steps in its own transaction, and is refused outside of one", async () => {
    const changes = await follow(shelf.pool);
    const client = new pg.Client({ connectionString: shelf.url });
    await client.connect();
    await expect(changes.hold(client)).rejects.toMatchObject({ code: "EB_NOT_IN_TRANSACTION" });
    await client.query("begin isolation level serializable");
    await expect(changes.hold(client)).rejects.toMatchObject({ code: "EB_ISOLATION_LEVEL" });
    await client.query("rollback; begin");
    expect((await changes.hold(client)).has("strict")).toBe(true);
    await expect(shelf.manager.rollbackStep(3, asked)).rejects.toMatchObject({
      code: "EB_LOCK_NOT_OBTAINED",
    });
    await client.query("commit");
    await shelf.manager.resume(undefined, asked);
    await client.end();
    await changes.stop();
  });
});
