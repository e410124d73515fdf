import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestorePoint, type RecoveryTarget } from "../../ops/src/backups/index.ts";
import { openDatabase } from "../../ops/src/database/index.ts";
import { quiet } from "../support/delivery.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { backupsOf, fillDatabase } from "./support.ts";

/** The limit for a machine that does much else. */
const slow = { timeout: 120_000 };

let home: string;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("an embedded server is restored in place, to a mark and to a time after the backup", slow, async () => {
  const dataDir = join(home, "data");
  const directory = join(home, "backups");
  const open = () => openDatabase({ dataDir, log: quiet, archives: true });
  const server = await open();
  await fillDatabase(server.pool);
  const backups = backupsOf(server.pool, { directory }, { embedded: true });
  const { id } = await backups.create({ requestedBy: "test" });
  const write = (note: string) => server.pool.query("insert into milk (note) values ($1)", [note]);
  await write("before the mark");
  await createRestorePoint(server.pool, "before the release");
  await write("after the mark");
  const { rows } = await server.pool.query<{ now: Date }>(
    "select clock_timestamp() + interval '10 ms' as now, pg_sleep(0.03)",
  );
  await write("after the time");

  const restore = (target: RecoveryTarget) =>
    backupsOf(server.pool, { directory }, { embedded: true }).restore(id, {
      destination: { kind: "in place", dataDir },
      target,
      dataDir,
    });
  await expect(restore({ kind: "backup" })).rejects.toMatchObject({
    code: "EB_RESTORE_REFUSED",
    exitStatus: 4,
    detail: expect.stringContaining("is running"),
  });
  await server.close();

  await expect(restore({ kind: "restore point", name: "never made" })).rejects.toMatchObject({
    code: "EB_RESTORE_TARGET",
  });
  const restored = await restore({ kind: "restore point", name: "before the release" });
  expect(existsSync(join(restored.previous ?? "", "PG_VERSION"))).toBe(true);
  const notes = async () => {
    const copy = await open();
    try {
      const found = await copy.pool.query<{ note: string }>(
        "select note from milk where note like '% the %' order by id",
      );
      return found.rows.map(({ note }) => note);
    } finally {
      await copy.close();
    }
  };
  expect(await notes()).toEqual(["before the mark"]);

  // The log of the time after the mark is still in the archive, and in the data that was moved aside.
  const at = rows[0]?.now ?? new Date();
  await rm(restored.directory, { recursive: true });
  await rename(restored.previous ?? "", restored.directory);
  await restore({ kind: "time", at });
  expect(await notes()).toEqual(["before the mark", "after the mark"]);

  // The restored server is on a timeline of its own, and can be backed up.
  const again = await open();
  try {
    const archived = async () => (await readdir(join(dataDir, "postgres-archive"))).sort();
    const [oldest] = await archived();
    const keep = { kind: "count", count: 1 } as const;
    const next = backupsOf(again.pool, { directory, keep }, { embedded: true, dataDir });
    const made = await next.create({ requestedBy: "test" });
    expect(made.wal?.timeline).toBeGreaterThan(1);
    expect(await archived()).not.toContain(oldest);
    const { verdict, checks } = await next.verify(made.id);
    expect([verdict, checks.filter((check) => check.verdict !== "ok")]).toEqual(["ok", []]);
  } finally {
    await again.close();
  }
  expect(await readdir(directory)).toHaveLength(1);
});
