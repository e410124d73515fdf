import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import fastify from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BackupManager, backupRoutes } from "../../ops/src/backups/index.ts";
import { Failure } from "../../ops/src/core/failure.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { problems } from "../../ops/src/http/problems.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../support/throwaway.ts";
import { watchDisk } from "../support/watched-disk.ts";
import { backupsOf, fillDatabase, writeMeanwhile } from "./support.ts";

/** The limit for a machine that does much else. */
const slow = { timeout: 120_000 };
const patient = { timeout: 60_000 };

const key = "0123456789abcdef0123456789abcdef";

let server: ThrowawayPostgres;
let pool: pg.Pool;
let home: string;
let directory: string;
let backups: BackupManager;
/** Encrypted and verified. */
let first: string;

beforeAll(async () => {
  server = await startThrowawayPostgres();
  pool = createPool(server.url, { options: "-c search_path=public" });
  home = await makeTemporaryDirectory();
  directory = join(home, "backups");
  backups = backupsOf(pool, { directory, key });
  await fillDatabase(pool);
});

afterAll(async () => {
  await pool.end();
  await server.remove();
  await rm(home, { recursive: true, force: true });
});

test("a restored backup is equal to the database at one moment while it was written to", slow, async () => {
  const stop = writeMeanwhile(pool);
  const made = await backups.create({ requestedBy: "test" });
  const written = await stop();
  first = made.id;
  expect(made).toMatchObject({ method: "physical", server: { major: 18 }, verification: null });
  const rows = made.fingerprint?.tables["public.milk"]?.rows ?? 0;
  expect(rows).toBeGreaterThan(20_000);
  expect(rows).toBeLessThanOrEqual(20_000 + written);
  expect(await backups.lastVerified()).toBeUndefined();

  const { verdict, checks } = await backups.verify(first);
  expect(checks.filter((check) => check.verdict !== "ok")).toEqual([]);
  expect(verdict).toBe("ok");
  expect(checks.map(({ name }) => name)).toEqual([
    "key",
    "files",
    "restore",
    "database",
    "ledger",
    "fingerprint",
    "indexes",
  ]);
  expect(await backups.lastVerified()).toEqual({ id: first, at: new Date(made.started_at) });
  expect((await pool.query("select id, state, verdict from earlybird.backups")).rows).toEqual([
    { id: first, state: "complete", verdict: "ok" },
  ]);
  // Nothing is readable without the key.
  for (const { file } of made.parts)
    expect((await readFile(join(directory, first, file))).includes("meanwhile")).toBe(false);
});

/** Verifies a copy of a backup in which something is different. */
const verifyDamaged = async (
  id: string,
  damage: (folder: string) => Promise<unknown>,
  settings: { key?: string | undefined } = { key },
) => {
  const copies = join(home, "damaged");
  await rm(copies, { recursive: true, force: true });
  await cp(join(directory, id), join(copies, id), { recursive: true });
  await damage(join(copies, id));
  const { verdict, checks } = await backupsOf(pool, { directory: copies, ...settings }).verify(id);
  return [verdict, checks.at(-1)?.name, checks.at(-1)?.detail];
};

const flipByte = async (path: string) => {
  const content = await readFile(path);
  const middle = Math.floor(content.length / 2);
  content[middle] = (content[middle] ?? 0) ^ 1;
  await writeFile(path, content);
};

const nothing = async () => undefined;

test("damage is found and named, and a wrong key is not taken for damage", slow, async () => {
  const at = (name: string) => (folder: string) => join(folder, name);
  expect(await verifyDamaged(first, (folder) => flipByte(at("base.tar.gz")(folder)))).toEqual([
    "failed",
    "files",
    "base.tar.gz was changed",
  ]);
  expect(await verifyDamaged(first, (folder) => truncate(at("base.tar.gz")(folder), 1_000))).toEqual([
    "failed",
    "files",
    expect.stringMatching(/^base.tar.gz has 1000 bytes instead of \d+$/),
  ]);
  expect(await verifyDamaged(first, (folder) => rm(at("wal.gz")(folder)))).toEqual([
    "failed",
    "files",
    "wal.gz is missing",
  ]);
  const other = "fedcba9876543210fedcba9876543210";
  const unknown = (problem: string) => [
    "unknown",
    "key",
    expect.stringContaining(`BACKUP_KEY is ${problem}`),
  ];
  expect(await verifyDamaged(first, nothing, { key: other })).toEqual(unknown("another one"));
  expect(await verifyDamaged(first, nothing, {})).toEqual(unknown("not set"));
  const edit = async (folder: string) => {
    const path = join(folder, "backup.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"public.milk"', '"public.silk"'));
  };
  expect(await verifyDamaged(first, edit)).toEqual(["failed", "key", "backup.json was changed"]);
});

/** Replaces the content of a part, and its checksum in the manifest. */
const rewritePart = async (folder: string, file: string, change: (content: Buffer) => Buffer) => {
  const written = gzipSync(change(gunzipSync(await readFile(join(folder, file)))), { level: 1 });
  await writeFile(join(folder, file), written);
  const path = join(folder, "backup.json");
  const signed = JSON.parse(await readFile(path, "utf8"));
  for (const part of signed.manifest.parts)
    if (part.file === file) {
      part.bytes = written.length;
      part.sha256 = createHash("sha256").update(written).digest("hex");
    }
  await writeFile(path, JSON.stringify(signed));
};

test(
  "a changed table and a log that ends early are found even if the checksums of the archives fit",
  slow,
  async () => {
    const { id } = await backupsOf(pool, { directory }).create({ requestedBy: "test" });
    const changeTable = (folder: string) =>
      rewritePart(folder, "base.tar.gz", (content) => {
        content[content.indexOf(createHash("md5").update("77").digest("hex"))] = 0x58;
        return content;
      });
    expect(await verifyDamaged(id, changeTable, {})).toEqual([
      "failed",
      "restore",
      expect.stringMatching(/base\/\d+\/\d+ was changed/),
    ]);
    const cutLog = (folder: string) =>
      rewritePart(folder, "wal.gz", (content) => content.subarray(0, content.length - 65_536));
    const [verdict, name] = await verifyDamaged(id, cutLog, {});
    expect([verdict, name]).toEqual(["failed", "restore"]);
  },
);

test("what a killed process left is listed as incomplete, and removed by the next backup", slow, async () => {
  const program = fileURLToPath(new URL("./killed-program.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--import", "tsx", program, server.url, directory],
    { stdio: "inherit" },
  );
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  const left = (await backups.list()).filter(({ state }) => state === "incomplete");
  expect(left).toHaveLength(1);
  expect((await backups.lastVerified())?.id).toBe(first);
  await expect(backups.verify(left[0]?.id ?? "")).rejects.toMatchObject({ code: "EB_BACKUP_UNKNOWN" });
  const both = await Promise.allSettled([
    backups.create({ requestedBy: "one" }),
    backupsOf(pool, { directory }).create({ requestedBy: "other" }),
  ]);
  expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "EB_BACKUP_RUNNING", exitStatus: 5 },
  });
  expect((await backups.list()).find(({ id }) => id === left[0]?.id)).toMatchObject({ state: "failed" });
});

test(
  "a full disk, a lost connection: a clear failure, nothing is left, and older backups stay",
  slow,
  async () => {
    const before = await readdir(directory);
    const small = backupsOf(pool, { directory }, { free: async () => 1_000_000 });
    await expect(small.create({ requestedBy: "test" })).rejects.toMatchObject({
      code: "EB_BACKUP_DISK_FULL",
      detail: expect.stringMatching(/has 1 MB free; this needs \d+ MB/),
    });
    let writes = 0;
    const restoreDisk = await watchDisk(async (call, carryOut) => {
      if (call === "writeFile base.tar.gz" && ++writes > 3)
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return carryOut();
    });
    await expect(backups.create({ requestedBy: "test" }).finally(restoreDisk)).rejects.toMatchObject({
      code: "EB_BACKUP_FAILED",
      detail: expect.stringContaining("The disk is full."),
    });
    // Once, and awaited: the connections of the next test must not be cut, too.
    let cut: Promise<unknown> | undefined;
    const onProgress = () => {
      cut ??= pool.query("select pg_terminate_backend(pid) from pg_stat_replication");
    };
    await expect(backups.create({ requestedBy: "test", onProgress })).rejects.toMatchObject({
      code: "EB_BACKUP_FAILED",
    });
    await cut;
    expect(await readdir(directory)).toEqual(before);
    expect((await backups.list()).map(({ failure }) => failure)).toContainEqual(
      expect.stringContaining("The disk is full."),
    );
  },
);

test(
  "over HTTP, admins begin a backup and its verification, and operators watch; old ones are removed",
  slow,
  async () => {
    const keeping = backupsOf(pool, { directory, key, keep: { kind: "count", count: 1 } });
    const app = fastify().setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
    await app.register(problems, { isDatabaseUnavailable: () => false });
    await app.register(backupRoutes, {
      backups: keeping,
      operatorOnly: nothing,
      admin: async ({ headers }) => {
        if (headers.role !== "admin") throw new Failure("EB_FORBIDDEN", 403, "no", "no");
        return { id: "1", name: "Asha" };
      },
    });
    const post = async (url: string, role = "admin") =>
      app.inject({ method: "POST", url, headers: { role } });
    expect((await post("/api/backups", "operator")).statusCode).toBe(403);
    const begun = await post("/api/backups");
    expect(begun.statusCode).toBe(202);
    const { id } = begun.json().backup;
    const listed = async () => (await app.inject("/api/backups")).json();
    const stateOf = async () => (await listed()).backups.find((each: { id: string }) => each.id === id).state;
    expect(await stateOf()).toBe("running");
    await expect.poll(stateOf, patient).toBe("complete");
    // The newest one, and the newest verified one.
    await expect.poll(async () => (await readdir(directory)).sort(), patient).toEqual([first, id]);
    expect((await listed()).last_verified.id).toBe(first);
    expect((await post(`/api/backups/${id}/verify`)).statusCode).toBe(202);
    expect((await post("/api/backups/20200101-000000-0000/verify")).statusCode).toBe(404);
    await expect.poll(async () => (await listed()).last_verified.id, patient).toBe(id);
    await app.close();
  },
);

test("a copy is restored to a new directory, and never over a database", slow, async () => {
  const { id = "" } = (await backups.lastVerified()) ?? {};
  const place = join(home, "restored");
  const request = {
    destination: { kind: "new", directory: place },
    target: { kind: "backup" },
    dataDir: place,
  } as const;
  const restored = await backups.restore(id, request);
  expect(restored).toMatchObject({ id, compared: true, previous: null, database: "postgres" });
  expect(await readdir(restored.directory)).toEqual(expect.arrayContaining(["PG_VERSION", "pg_hba.conf"]));
  expect(await readdir(restored.directory)).not.toContain("recovery.signal");
  await expect(backups.restore(id, request)).rejects.toMatchObject({ code: "EB_RESTORE_REFUSED" });
  const blocked = join(home, "blocked");
  await mkdir(blocked);
  const wrong = backupsOf(pool, { directory });
  await expect(
    wrong.restore(id, { ...request, destination: { kind: "new", directory: blocked } }),
  ).rejects.toMatchObject({ code: "EB_BACKUP_KEY", exitStatus: 2 });
});
