import { createPool } from "@earlybird-ops/platform/database";
import { Changes, fingerprint, RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { quiet } from "../support/delivery.ts";
import { hasFailover, type Pair, startPair } from "../support/failover.ts";
import { shelfChanges } from "../support/shelf-changes.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice", acknowledge: ["no rules"] };

describe.skipIf(!hasFailover)("when the primary is lost and the standby promoted", () => {
  let pair: Pair;
  let proxy: TcpProxy;
  let pool: ReturnType<typeof createPool>;

  beforeAll(async () => {
    pair = await startPair();
    proxy = await startTcpProxy(pair.primary.port);
    pool = createPool(proxy.through(pair.primary.url));
  }, 30_000);
  afterAll(async () => {
    await pool.end();
    await proxy.close();
    await pair.remove();
  });

  test("an operation is refused or finished, nothing is lost, and following goes on", async () => {
    await pool.query(`
      create table books (id integer primary key, title text not null, lost boolean not null default false);
      create table loans (id integer primary key, title text not null, state text not null default 'out');
      insert into books values (1, 'Emma', false), (2, 'Kim', false);
      insert into loans (id, title) select n, (array['Emma', 'Kim'])[1 + n % 2] from generate_series(1, 1000) n`);
    const manager = new RollbackManager({ pool, changes: shelfChanges, log: quiet });
    await manager.install(asked);
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    const before = await fingerprint(db);
    const changes = new Changes<unknown>({ changes: shelfChanges, pool, log: quiet });
    await changes.start();

    // Between the first step and the rest.
    let stopped: Promise<void> | undefined;
    const operation = manager.rollbackSteps(3, 1, {
      ...asked,
      onProgress: ({ kind }) => {
        if (kind === "step") stopped ??= pair.primary.stop("immediate");
      },
    });
    const failure = await operation.catch((error) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^EB_/), remedy: expect.any(String) });
    await stopped;

    // A standby that is not promoted refuses moves, and proves nothing to those who follow.
    proxy.switchTo(pair.standby.port);
    await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({
      code: expect.stringMatching(/^EB_/),
    });
    await vi.waitUntil(() => changes.active.has("strict"), { timeout: 4_000 });

    await pair.promote();
    await manager.resume(undefined, asked);
    expect((await manager.getStatus()).steps.map(({ state }) => state)).toEqual(Array(3).fill("rolled_back"));
    await vi.waitUntil(() => !changes.active.has("strict"), { timeout: 5_000 });
    await manager.reapplySteps(1, 3, asked);
    expect((await fingerprint(db)).hash).toBe(before.hash);
    expect(await manager.verifyLedger()).toMatchObject({ ok: true });
    await changes.stop();
  }, 30_000);
});
