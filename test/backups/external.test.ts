import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../../ops/src/database/pool.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { startSystemPostgres, systemPostgresVersion, type ThrowawayPostgres } from "../support/throwaway.ts";
import { backupsOf, fillDatabase, writeMeanwhile } from "./support.ts";

/** The limit for a machine that does much else. */
const slow = { timeout: 120_000 };

describe.skipIf(!systemPostgresVersion)("a server with programs of its own", () => {
  let server: ThrowawayPostgres;
  let admin: pg.Pool;
  let pool: pg.Pool;
  let directory: string;

  beforeAll(async () => {
    server = await startSystemPostgres();
    admin = createPool(server.url);
    directory = await makeTemporaryDirectory();
    // As a provider sets a service up: a role that may not replicate, which owns its database.
    await admin.query("create role dairy login password 'secret'");
    await admin.query("create database dairy owner dairy");
    const url = new URL(server.url);
    url.pathname = "/dairy";
    url.username = "dairy";
    url.password = "secret";
    pool = createPool(url.href);
    await fillDatabase(pool);
  });

  afterAll(async () => {
    await pool.end();
    await admin.end();
    await server.remove();
    await rm(directory, { recursive: true, force: true });
  });

  test("is backed up by pg_dump if the role may not replicate, from one snapshot", slow, async () => {
    const backups = backupsOf(pool, { directory });
    await expect(backups.create({ requestedBy: "test", method: "physical" })).rejects.toMatchObject({
      code: "EB_BACKUP_REFUSED",
      exitStatus: 4,
      detail: expect.stringContaining("may not replicate"),
    });
    const stop = writeMeanwhile(pool);
    const made = await backups.create({ requestedBy: "test" });
    await stop();
    expect(made).toMatchObject({ method: "dump", database: "dairy" });
    const { verdict, checks } = await backups.verify(made.id);
    expect([verdict, checks.filter((check) => check.verdict !== "ok")]).toEqual(["ok", []]);
    await rm(join(directory, made.id, "dump.gz"));
    expect((await backups.verify(made.id)).checks.at(-1)).toMatchObject({ detail: "dump.gz is missing" });
  });

  test("is copied file by file if it may, and a copy without programs is unknown", slow, async () => {
    await admin.query("alter role dairy replication");
    const backups = backupsOf(pool, { directory });
    const { id, method } = await backups.create({ requestedBy: "test" });
    expect(method).toBe("physical");
    expect(await backups.verify(id)).toMatchObject({ verdict: "ok" });
    const path = join(directory, id, "backup.json");
    await writeFile(path, (await readFile(path, "utf8")).replace(/"major": \d+/, '"major": 12'));
    const { verdict, checks } = await backups.verify(id);
    expect([verdict, checks.at(-1)]).toMatchObject([
      "unknown",
      { name: "restore", detail: expect.stringContaining("PostgreSQL 12 is not installed here") },
    ]);
  });

  test("is backed up by a command of the operator, which also restores it", slow, async () => {
    const command = `pg_dump --format=custom --file="$BACKUP_DIRECTORY/dairy.dump" "$DATABASE_URL"`;
    const copy = new URL(server.url);
    copy.pathname = "/copy";
    await admin.query("create database copy owner dairy");
    const restoreCommand = `pg_restore --dbname="${copy.href}" "$BACKUP_DIRECTORY/dairy.dump" && echo '{"url":"${copy.href}"}'`;
    const backups = backupsOf(pool, { directory, command, restoreCommand });
    const made = await backups.create({ requestedBy: "test" });
    expect(made).toMatchObject({ method: "command", parts: [] });
    expect(await backups.verify(made.id)).toMatchObject({ verdict: "ok" });

    expect(await backupsOf(pool, { directory, command }).verify(made.id)).toMatchObject({
      verdict: "unknown",
      checks: expect.arrayContaining([
        expect.objectContaining({ detail: expect.stringContaining("RESTORE_COMMAND is not set") }),
      ]),
    });

    // The restored database of the command differs.
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'copy'");
    const differs = `psql -q "${copy.href}" -c "delete from milk where id = 1" && echo '{"url":"${copy.href}"}'`;
    const { verdict, checks } = await backupsOf(pool, { directory, command, restoreCommand: differs }).verify(
      made.id,
    );
    expect([verdict, checks.find(({ name }) => name === "fingerprint")?.detail]).toEqual([
      "failed",
      "differs in public.milk",
    ]);
    const failing = backupsOf(pool, { directory, command: "echo 'no such stanza' >&2; exit 3" });
    await expect(failing.create({ requestedBy: "test" })).rejects.toMatchObject({
      code: "EB_BACKUP_FAILED",
      detail: expect.stringContaining("no such stanza"),
    });
  });
});
