import { execFile } from "node:child_process";
import { chmod, cp, lstat, mkdir, readlink, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { createLogger } from "../../core/logger.ts";
import { openDatabase } from "../connect.ts";
import { embeddedBinaries, runnable } from "./binaries.ts";
import { clusterLocation } from "./cluster-location.ts";
import { postgresAccount } from "./root-account.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let home: string;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("the cluster is in the data directory", async () => {
  await chmod(home, 0o755);
  expect(await clusterLocation(home, await postgresAccount())).toBe(join(home, "postgres"));
});

describe.runIf(isRoot)("under root, in a directory that is closed to others", () => {
  test("the database works, keeps its rows, and nobody's permissions are changed", async () => {
    await chmod(home, 0o700);
    const dataDir = join(home, "deep", "data");
    const open = () => openDatabase({ dataDir, log: createLogger("silent") });
    const first = await open();
    await first.pool.query("create table milk as select 1 as litres");
    await first.close();
    const next = await open();
    expect((await next.pool.query("select litres from milk")).rows).toEqual([{ litres: 1 }]);
    await next.close();
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const place = await readlink(join(dataDir, "postgres"));
    expect(dirname(place)).toMatch(/^\/var\/(lib|tmp)\/earlybird$/);
    await rm(place, { recursive: true });
  });

  test("the programs are copied once to where the account can run them", async () => {
    await chmod(home, 0o700);
    const account = await postgresAccount();
    const { postgres } = await embeddedBinaries(account);
    const native = join(home, "package", "native");
    await cp(dirname(dirname(postgres)), native, { recursive: true, verbatimSymlinks: true });
    const version = `test${process.pid}`;
    const [one, other] = await Promise.all([
      runnable({ native, version }, account),
      runnable({ native, version }, account),
    ]);
    const copy = dirname(dirname(one.postgres));
    expect(copy).toContain(version);
    expect(other).toEqual(one);
    await run(one.postgres, ["--version"], { ...account, cwd: "/" });
    expect((await lstat(copy)).uid).toBe(0);
    await rm(copy, { recursive: true });
  });

  test("a cluster whose directory was closed since is refused with the reason, not made anew", async () => {
    const dataDir = join(home, "closed-since");
    await mkdir(join(dataDir, "postgres"), { recursive: true });
    await chmod(home, 0o700);
    await expect(clusterLocation(dataDir, await postgresAccount())).rejects.toMatchObject({
      code: "EB_DATABASE_DIRECTORY",
    });
  });
});
