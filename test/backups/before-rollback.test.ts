import { afterAll, beforeAll, expect, test } from "vitest";
import { RollbackManager } from "../../ops/src/rollback/index.ts";
import { quiet } from "../support/delivery.ts";
import { createShelf, type Shelf } from "../support/shelf.ts";
import { shelfChanges } from "../support/shelf-changes.ts";
import { createShelfCli } from "../support/shelf-cli.ts";

const day = { id: "20260310-023000-3fa1", at: new Date("2026-03-10T02:30:00Z") };

let shelf: Shelf;
beforeAll(async () => {
  shelf = await createShelf();
});
afterAll(() => shelf.drop());

test("the dry run of a critical step says how old the last proven backup is, and its plan does not depend on it", async () => {
  const manager = (lastVerifiedBackup?: () => Promise<typeof day | undefined>) =>
    new RollbackManager({ pool: shelf.pool, changes: shelfChanges, log: quiet, lastVerifiedBackup });
  const fresh = await manager(async () => day).dryRunRollback(3);
  expect(fresh.last_verified_backup).toEqual({ id: day.id, at: day.at.toISOString() });
  const none = await manager(async () => undefined).dryRunRollback(3);
  expect(none.last_verified_backup).toBeNull();
  expect(none.plan).toEqual(fresh.plan);
  expect(await manager().dryRunRollback(3)).not.toHaveProperty("last_verified_backup");
  expect(await manager(async () => day).dryRunRollback(2)).not.toHaveProperty("last_verified_backup");
  const broken = manager(async () => Promise.reject(new Error("the disk is away")));
  expect((await broken.dryRunRollback(3)).plan).toEqual(fresh.plan);

  const cli = await createShelfCli();
  const { stdout } = await cli(shelf.url, "rollback", "3", "--dry-run");
  expect(stdout).toContain("There is no verified backup. --backup makes one first.");
});

test("with --backup, nothing moves unless a backup is made first", async () => {
  const cli = await createShelfCli();
  const asked = ["rollback", "3", "--reason", "test", "--acknowledge", "no rules", "--yes", "--backup"];
  const refused = await withSettings({ BACKUP_COMMAND: "echo away >&2; exit 1" }, () =>
    cli(shelf.url, ...asked),
  );
  expect(refused).toMatchObject({ exitStatus: 1, stderr: expect.stringContaining("EB_BACKUP_FAILED") });
  const { steps } = await shelf.manager.getStatus();
  expect(steps.find(({ step }) => step === 3)?.state).toBe("applied");
});

/** Sets environment variables for as long as `work` takes. */
const withSettings = async <T>(settings: Record<string, string>, work: () => Promise<T>): Promise<T> => {
  Object.assign(process.env, settings);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(settings)) delete process.env[name];
  }
};
