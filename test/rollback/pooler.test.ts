import { createPool } from "@earlybird-ops/platform/database";
import { Changes, RollbackManager } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { quiet } from "../support/delivery.ts";
import { hasPgBouncer, type RunningPgBouncer, startPgBouncer } from "../support/pgbouncer.ts";
import { createShelf, type Shelf } from "../support/shelf.ts";
import { shelfChanges } from "../support/shelf-changes.ts";
import { createShelfCli } from "../support/shelf-cli.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;
let bouncer: RunningPgBouncer;
let pooled: ReturnType<typeof createPool>;

const start = async (mode: "transaction" | "session") => {
  bouncer = await startPgBouncer(shelf.url, mode);
  pooled = createPool(bouncer.url);
};
const made = (options: { direct?: ReturnType<typeof createPool> } = {}) => {
  const common = { changes: shelfChanges, pool: pooled, log: quiet, ...options };
  return { manager: new RollbackManager(common), changes: new Changes<unknown>(common) };
};

beforeEach(async () => {
  shelf = await createShelf();
});
afterEach(async () => {
  await pooled?.end();
  await bouncer?.stop();
  await shelf.drop();
});

describe.skipIf(!hasPgBouncer)("through PgBouncer", () => {
  test("a pooler of transactions is refused by whatever moves or follows steps", async () => {
    await start("transaction");
    const { manager, changes } = made();
    const refused = { code: "EB_DATABASE_POOLED", remedy: expect.stringContaining("DATABASE_DIRECT_URL") };
    await expect(manager.rollbackStep(2, asked)).rejects.toMatchObject(refused);
    await expect(manager.dryRunRollback(2)).rejects.toMatchObject(refused);
    await expect(manager.prove({ steps: [2], range: false }, asked)).rejects.toMatchObject(refused);
    await expect(changes.start()).rejects.toMatchObject(refused);
    await changes.stop();
    expect((await shelf.pool.query("select from earlybird.steps where state = 'rolled_back'")).rowCount).toBe(
      0,
    );
  });

  test("with a direct way beside it, the service's own pool may stay pooled", async () => {
    await start("transaction");
    const { manager, changes } = made({ direct: shelf.pool });
    expect(await manager.install(asked)).toEqual([]);
    await changes.start();
    const { steps } = await manager.rollbackStep(2, asked);
    expect(steps[0]?.followers).toMatchObject({ living: 1, following: 1, missing: [] });
    expect(changes.active.has("lost-loans")).toBe(false);
    const seen = await changes.transaction(async (tx, active) => {
      await sql`insert into loans (id, title) values (100, 'Kim')`.execute(tx);
      return active.has("lost-loans");
    });
    expect(seen).toBe(false);
    await manager.reapplyStep(2, asked);
    await vi.waitUntil(() => changes.active.has("lost-loans"), { timeout: 1_000 });
    await changes.stop();
  });

  test("a pooler of sessions needs no direct way", async () => {
    await start("session");
    const { manager, changes } = made();
    await changes.start();
    await manager.rollbackStep(2, asked);
    await vi.waitUntil(() => !changes.active.has("lost-loans"), { timeout: 1_000 });
    await manager.reapplyStep(2, asked);
    await changes.stop();
  });

  test("commands go by DATABASE_DIRECT_URL, and without it refuse with its name", async () => {
    await start("transaction");
    const earlybird = await createShelfCli();
    const refused = await earlybird(bouncer.url, "rollback", "3", "--yes", "--dry-run");
    expect([refused.exitStatus, refused.stderr]).toEqual([2, expect.stringContaining("EB_DATABASE_POOLED")]);
    vi.stubEnv("DATABASE_DIRECT_URL", shelf.url);
    const done = await earlybird(bouncer.url, "rollback", "2", "--yes", "--reason", "practice");
    expect([done.exitStatus, done.stderr]).toEqual([0, expect.anything()]);
  });
});
