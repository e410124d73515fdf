import { execFile } from "node:child_process";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { Production, waivers, withoutCopy } from "./production.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const settings = { RELEASE_VALIDATION_MINUTES: "5,10,15,20,25" };

let disk: string;
let isMounted = false;
let production: Production;
beforeAll(async () => {
  disk = await makeTemporaryDirectory();
  if (!isRoot) return;
  isMounted = await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]).then(
    () => true,
    () => false,
  );
  if (isMounted) production = await Production.open({ ...settings, EARLYBIRD_DATA_DIR: join(disk, "data") });
}, 120_000);
afterAll(async () => {
  await production?.close();
  if (isMounted) await run("umount", ["--lazy", disk]);
  await rm(disk, { recursive: true, force: true });
}, 60_000);

/** Fills the disk until so many bytes are free. */
const leave = async (bytes: number): Promise<void> => {
  const filler = join(disk, "filler");
  await rm(filler, { force: true });
  const { bavail, bsize } = await statfs(disk);
  if (bytes < bavail * bsize) await writeFile(filler, Buffer.alloc(bavail * bsize - bytes));
};

const expectNothingMoved = async (): Promise<void> => {
  expect(await production.applied()).toEqual([]);
  expect(await production.launches()).toEqual({ blue: true, green: false });
  expect((await production.traffic.state()).weights).toEqual({ blue: 10_000, green: 0 });
  expect(await production.answers()).toBe(true);
};

test("a full disk refuses a release before anything moves", { timeout: 120_000 }, async ({ skip }) => {
  skip(!isMounted, "only root can mount a small disk");
  const target = await production.install("v2", { version: "2.0.0", steps: true });
  const waived = [...waivers, ...withoutCopy].filter((check) => check !== 4).join();
  const start = (...more: string[]) =>
    production.earlybird(
      ...["release", "start", "--to", target, "--reason", "test", "--strategy", "blue-green"],
      ...["--waive", waived, "--waive-reason", "test", ...more],
    );

  await leave(1_000_000);
  const refused = await start();
  expect(refused.stderr).toMatch(/NO-GO: 4 Free disk space/);
  expect(refused.exitStatus).toBe(4);
  expect(await production.report()).toMatchObject({ state: "reverted" });
  await expectNothingMoved();

  await leave(0);
  const failed = await start();
  expect(failed.exitStatus).not.toBe(0);
  expect(failed.stderr).toMatch(/ENOSPC|no space left/i);
  await expectNothingMoved();

  await leave(Number.POSITIVE_INFINITY);
  expect((await start("--detach")).stderr).not.toMatch(/EB_/);
  await production.reaches("watching");
});
